# %% [markdown]
# # Where the radius and the road disagree
#
# The plan's rule is a straight line: thirty miles, whatever lies between. A consumer drives. This notebook shows on two
# real street extracts (Columbus, Ohio, and south-east Baltimore, Maryland) how far the two can part: across water,
# and round closed ground. The extracts are small, so the radius here is small too; the question is the same.
#
# Streets: (c) OpenStreetMap contributors, ODbL 1.0, https://www.openstreetmap.org/copyright. Mountains need an extract
# from the mountains: put the path of your own (Geofabrik's North Carolina, say) into `EXTRACTS` and run it again.

# %%
import tempfile
from datetime import date
from pathlib import Path

import geopandas
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import shapely

import adequacy as aq
from adequacy.distance import catchment, miles_between

HERE = next(folder for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "tests" / "data" / "osm").is_dir())
EXTRACTS = {name: HERE / "tests" / "data" / "osm" / f"{name}.osm.pbf" for name in ("baltimore", "columbus")}
RADIUS_MI = 1.5

# %% [markdown]
# ## Build the networks
# Once per extract. What was left out is said: streets from which one cannot drive back.

# %%
work = Path(tempfile.mkdtemp())
networks = {}
for name, extract in EXTRACTS.items():
    aq.build_roads(extract, work / f"{name}.roads", rules=aq.road_rules(date(2026, 11, 1)))
    networks[name] = aq.open_roads(work / f"{name}.roads")
pd.DataFrame({name: network.info() for name, network in networks.items()}).loc[
    ["date", "junctions", "road_mi", "dropped_mi", "kept_pct", "snap_max_mi", "access_mph"]
]

# %% [markdown]
# ## Water: one mile over, six miles round
# A site on the north shore of Baltimore's harbour, homes on the peninsula to the south.

# %%
water = networks["baltimore"]
site = (-76.572, 39.2815)
homes = pd.DataFrame({"lon": [-76.580, -76.585, -76.590], "lat": [39.2685, 39.2700, 39.2737]})
drives = water.pairs(homes.lon, homes.lat, *site)
homes["straight_mi"] = miles_between(homes.lon, homes.lat, *site)
homes["drive_mi"], homes["drive_min"] = drives.drive_mi, drives.drive_min
homes.round(1)

# %%
assert (homes.straight_mi < RADIUS_MI).all()
assert (homes.drive_mi > 3 * homes.straight_mi).all()

# %% [markdown]
# ## Closed ground: a defence depot and an airport
# East of Columbus lie the Defense Supply Center and the airport. Streets closed to the public are no streets here, so
# the drive goes round.

# %%
base = networks["columbus"]
pairs = pd.DataFrame(
    {"what": ["depot", "airport"], "home_lon": [-82.9055, -82.8878], "home_lat": [39.989, 40.0467],
     "site_lon": [-82.8950, -82.9079], "site_lat": [39.972, 40.0291]}
)  # fmt: skip
drives = base.pairs(pairs.home_lon, pairs.home_lat, pairs.site_lon, pairs.site_lat)
pairs["straight_mi"] = miles_between(pairs.home_lon, pairs.home_lat, pairs.site_lon, pairs.site_lat)
pairs["drive_mi"], pairs["drive_min"] = drives.drive_mi, drives.drive_min
pairs[["what", "straight_mi", "drive_mi", "drive_min"]].round(1)

# %%
assert (pairs.drive_mi > 2 * pairs.straight_mi).all()

# %% [markdown]
# ## Direction matters too
# One-way streets make the way to the site and the way home differ; the figures say which one they are.

# %%
west, south, east, north = water.bounds
grid_lon, grid_lat = (
    each.reshape(-1) for each in np.meshgrid(np.linspace(west, east, 50), np.linspace(south, north, 50))
)
there = water.pairs(grid_lon, grid_lat, *site)
back = water.pairs(grid_lon, grid_lat, *site, direction="site_to_home")
measured = there.reason == ""
difference_min = pd.Series(np.abs(there.drive_min - back.drive_min)[measured], name="minutes there and back differ by")
difference_min.describe().round(2)

# %% [markdown]
# ## The whole area: inside the radius, outside by road
# Every place of a grid: within the radius in a straight line, and within the same miles by road. Places farther from a
# street than the policy allows (the harbour itself) are *not measured*, never a number.

# %%
line_mi = miles_between(grid_lon, grid_lat, *site)
words = np.select(
    [~measured, line_mi > RADIUS_MI, there.drive_mi <= RADIUS_MI],
    ["not measured", "outside the radius", "inside both"],
    "inside the radius, outside by road",
)
places = geopandas.GeoDataFrame(
    {"where": words}, geometry=geopandas.points_from_xy(grid_lon, grid_lat, crs="EPSG:4326")
)
shares = places["where"].value_counts(normalize=True).mul(100).round(1).rename("share of the grid, %")
shares

# %%
assert (there.drive_mi[measured] >= line_mi[measured]).all()  # a road is never shorter than the straight line

# %% [markdown]
# ## Drive-time areas beside the circle
# The circle is the rule's catchment; the areas are what two, four and six minutes of driving reach.

# %%
areas = water.isochrones(*site, minutes=(2, 4, 6), cells=150)
circle = shapely.Polygon(catchment(*site, RADIUS_MI))
figure, axes = plt.subplots(figsize=(8, 6))
areas.plot(column="minutes", ax=axes, cmap="cividis", alpha=0.5, legend=True)
geopandas.GeoSeries([circle.boundary], crs="EPSG:4326").plot(ax=axes, color="black", linewidth=1.5)
axes.plot(*site, marker="^", color="black", markersize=10)
axes.set_title(f"Drive minutes and the {RADIUS_MI:g}-mile radius\n(c) OpenStreetMap contributors")
axes.set_xlim(west, east)
axes.set_ylim(south, north)
axes.set_axis_off()

# %% [markdown]
# ## What it means
# The finding stays the plan's radius rule: it is what the plan promised and what an auditor checks. The road figures
# say where a site inside the radius is a hard journey; for State standards in miles or minutes they are the measure.
