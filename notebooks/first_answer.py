# %% [markdown]
# # The first answer
#
# One request: is a contracted provider of SAIOP within 30 miles of a consumer known by ZIP alone? The demo network
# answers: real places, invented contracts.

# %%
import geopandas
import matplotlib.pyplot as plt
from pandas.testing import assert_frame_equal

import adequacy as aq
from adequacy.distance import catchment
from adequacy.errors import UsageError

net = aq.demo_network()
answer = net.check("SAIOP", zip5="27546")
print(answer.explain())

# %% [markdown]
# A ZIP is not a point. `nearest_mi` says how far the nearest counted site is from the best-placed point of the ZIP,
# from the point standing for its people, and from its worst-placed point.

# %%
assert answer.finding == "covered"
assert answer.nearest_mi.low <= answer.nearest_mi.reference <= answer.nearest_mi.high <= 30
answer.nearest_mi

# %% [markdown]
# The sites are a GeoDataFrame, in EPSG:4326, nearest first; so are those that do not count, each with its reasons.

# %%
answer.sites[["provider", "name", "city", "distance_mi", "within"]].head(8).round(1)

# %%
answer.not_counted[["provider", "distance_mi", "reasons"]].head(8).round(1)

# %% [markdown]
# So they draw themselves. The map asks nobody for tiles: a request for tiles would tell a stranger where we look.

# %%
shown = ["provider", "name", "city", "distance_mi", "within"]
outline = geopandas.GeoDataFrame(
    {"zcta": [answer.to_dict()["origin"]["zip5"]]},
    geometry=[answer.sites.union_all().convex_hull],
    crs=answer.sites.crs,
)
around = outline.explore(tiles=None, style_kwds={"fill": False, "color": "#888888", "dashArray": "4"}, tooltip=False)
answer.sites[[*shown, "geometry"]].explore(
    m=around, column="distance_mi", cmap="viridis_r", marker_kwds={"radius": 6}, tooltip=shown
)

# %%
fig, ax = plt.subplots(figsize=(7, 6))
sites, others = answer.sites, answer.not_counted
origin = answer.to_dict()["origin"]
others[others.geometry.notna()].plot(ax=ax, color="0.7", markersize=12, label="not counted")
sites.plot(ax=ax, color="tab:blue", markersize=22, label="counted, within 30 miles")
geopandas.GeoSeries.from_xy([origin["lon"]], [origin["lat"]]).plot(
    ax=ax, color="tab:red", marker="*", markersize=140, label="ZIP 27546, where its people live on average"
)
ax.plot(
    *zip(*catchment(origin["lon"], origin["lat"], 30), strict=True), color="tab:red", lw=1, label="30 miles from there"
)
ax.set(title="SAIOP around ZIP 27546", xlabel="longitude (degrees)", ylabel="latitude (degrees)")
ax.legend()
# %% [markdown]
# Many points at once: the same definition, as arrays. A GeoDataFrame in any CRS goes in, a Series with its index comes
# out, and what went in is as it was.

# %%
people = aq.census_people(["Harnett"]).set_index("geoid")
people = geopandas.GeoDataFrame(
    people, geometry=geopandas.points_from_xy(people["lon"], people["lat"]), crs="EPSG:4326"
).to_crs("EPSG:32119")
as_it_was = people.copy()
nearest_mi, covered = net.nearest("SAIOP", people), net.covered("SAIOP", people)
assert nearest_mi.index.equals(people.index)
assert covered.index.equals(people.index)
assert_frame_equal(people, as_it_was)
table = people.assign(nearest_mi=nearest_mi, covered=covered)
table[["people", "nearest_mi", "covered"]].head()

# %% [markdown]
# The worst-placed block group of the county, asked alone, gets the very same number. Points that do not say their CRS
# are refused.

# %%
worst = table.loc[nearest_mi.idxmax()]
assert abs(net.check("SAIOP", lon=worst["lon"], lat=worst["lat"]).nearest_mi.reference - worst["nearest_mi"]) < 1e-6
try:
    net.nearest("SAIOP", people.set_crs(None, allow_override=True))
except UsageError as refused:
    print(refused)

# %%
ax = table.plot(column="nearest_mi", cmap="viridis_r", markersize=table["people"] / 30, legend=True, figsize=(7, 6),
                legend_kwds={"label": "miles to the nearest SAIOP site"})  # fmt: skip
ax.set(title="Block groups of Harnett County, larger for more people", xlabel="easting (m, EPSG:32119)",
       ylabel="northing (m, EPSG:32119)")  # fmt: skip

# %%
net.close()
