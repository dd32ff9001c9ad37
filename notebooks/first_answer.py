# %% [markdown]
# # The first answer
#
# One request: is a contracted provider of SAIOP within 30 miles of a consumer known by ZIP alone? The demo network
# answers: real places, invented contracts.

# %%
import geopandas
import matplotlib.pyplot as plt

import adequacy as aq

net = aq.demo_network()
answer = net.check("SAIOP", zip5="27546")
print(answer.explain())

# %% [markdown]
# A ZIP is not a point. `nearest_mi` says how far the nearest counted site is from the best-placed point of the ZIP,
# from the point standing for its people, and from its worst-placed point.

# %%
print(answer.finding, answer.nearest_mi)
assert answer.finding == "covered"
assert answer.nearest_mi.low <= answer.nearest_mi.reference <= answer.nearest_mi.high <= 30

# %% [markdown]
# The sites are a GeoDataFrame, in EPSG:4326, nearest first; so are those that do not count, each with its reasons.
# `answer.sites.explore()` draws them on a map in a notebook.

# %%
print(answer.sites[["provider", "name", "city", "distance_mi", "within"]].head(8).to_string())
print(answer.not_counted[["provider", "distance_mi", "reasons"]].head(8).to_string())

# %%
fig, ax = plt.subplots(figsize=(7, 6))
sites, others = answer.sites, answer.not_counted
others[others.geometry.notna()].plot(ax=ax, color="0.7", markersize=12, label="not counted")
sites.plot(ax=ax, color="tab:blue", markersize=22, label="counted, within 30 miles")
geopandas.GeoSeries.from_xy([answer.to_dict()["origin"]["lon"]], [answer.to_dict()["origin"]["lat"]]).plot(
    ax=ax, color="tab:red", marker="*", markersize=140, label="ZIP 27546, where its people live on average"
)
ax.set(title="SAIOP around ZIP 27546", xlabel="longitude (degrees)", ylabel="latitude (degrees)")
ax.legend()

# %% [markdown]
# Many points at once: the same definition, as arrays. A (Geo)DataFrame gives its index to the answer.

# %%
people = aq.census_people(["Harnett"])
people["nearest_mi"] = net.nearest("SAIOP", people)
people["covered"] = net.covered("SAIOP", people)
print(people[["geoid", "people", "nearest_mi", "covered"]].head().to_string())
worst = people.loc[people["nearest_mi"].idxmax()]
assert net.check("SAIOP", lon=worst["lon"], lat=worst["lat"]).nearest_mi.reference == worst["nearest_mi"]

# %%
net.close()
