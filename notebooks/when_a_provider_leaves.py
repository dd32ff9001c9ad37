# %% [markdown]
# # What changes when a provider leaves
#
# `single_cover` names the agencies that are the only one within the limit for somebody. One of them gives notice: who
# falls out, where, and which single requests would be answered differently?

# %%
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt

import adequacy as aq
from adequacy.access.flips import flips
from adequacy.network import network_without

net = aq.demo_network()
people = aq.census_people(net.policy.counties(date(2026, 11, 1)))
before = aq.measure(net, scheme="alliance_oon", people=people)
alone = before.single_cover.groupby(["provider_id", "provider"])["people"].sum().sort_values(ascending=False)
print(alone.head(8).to_string())

# %%
leaving, name = alone.index[0]
print("leaving:", name)
folder = TemporaryDirectory()
file = Path(folder.name) / "without.gpkg"
report = network_without(net.file, file, npis=[], provider_ids=[leaving], site_ids=[])
print(report.read, "offerings,", report.used, "stay")

# %%
later = aq.open_network(file)
after = aq.measure(net, scheme="alliance_oon", people=people, compare=later)
columns = ["county", "service", "people", "people_losing", "share_pct_before", "share_pct_after", "met_after"]
losing = after.changes[after.changes["people_losing"] > 0]
print(losing[columns].head(12).to_string(index=False))

# %% [markdown]
# The people who lose access are exactly those who had this agency alone: two roads to the same number.

# %%
mine = before.single_cover[before.single_cover["provider_id"] == leaving]
assert losing.set_index(["county", "service"])["people_losing"].to_dict() == (
    mine.set_index(["county", "service"])["people"].to_dict()
)

# %% [markdown]
# And the single requests: every ZIP of the plan's counties whose finding changes.

# %%
services = sorted(set(losing["service"]))[:3]
changed = flips(net.file, later.file, net.policy, services=services)
for flip in changed[:8]:
    print(flip.zip5, flip.service, flip.before, "->", flip.after, f"{flip.people:,} people")
assert all(flip.before != flip.after for flip in changed)

# %%
fig, ax = plt.subplots(figsize=(7, 5))
shapes = after.counties(losing["service"].iloc[0])
shapes.plot(ax=ax, column="share_pct", cmap="viridis", legend=True, legend_kwds={"label": "people within 30 miles (%)"})
ax.set(title=f"{losing['service'].iloc[0]}, before", xlabel="longitude (degrees)", ylabel="latitude (degrees)")
later.close()
net.close()
folder.cleanup()
