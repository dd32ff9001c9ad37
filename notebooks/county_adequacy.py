# %% [markdown]
# # A county's adequacy, from roster to workbook
#
# A roster in the plain documented layout becomes a network file; the network is measured against the Tailored Plan
# standards for the people of Harnett and Johnston; the tables go into the workbook that staff file.

# %%
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt

import adequacy as aq
from adequacy.outputs.workbook import write_workbook
from adequacy.reference import write_demo

folder = TemporaryDirectory()
here = Path(folder.name)
write_demo(here)
print(sorted(path.name for path in here.iterdir()))

# %%
command = [
    "network",
    "build",
    str(here / "roster.csv"),
    "--out",
    str(here / "plan.gpkg"),
    "--roster-date",
    "2026-11-01",
]
built = subprocess.run(
    [sys.executable, "-m", "adequacy", *command, "--demo"], check=True, capture_output=True, text=True
)
print(built.stderr)
net = aq.open_network(here / "plan.gpkg")
print({key: value for key, value in net.info().items() if key in ("roster_date", "providers", "sites", "refused")})

# %% [markdown]
# Who must be reached: Census block groups here. A member file goes through `aq.member_people(path, "2026-11-01")`; its
# small counts are hidden in everything that is handed over.

# %%
people = aq.census_people(["Harnett", "Johnston"])
out = aq.measure(net, scheme="nc_tailored_plan", people=people)
print(out)
columns = ["county", "service", "people", "people_within", "share_pct", "nearest_p95_mi", "providers", "met", "why"]
measured = out.by_county[out.by_county["measure"] == "miles_or_minutes"]
named = measured[measured["service"] != ""]
named[columns].round(1)

# %% [markdown]
# `met` is *yes*, *no* or *not_measured*, never a silent pass: a straight line can prove that "miles or minutes" is met,
# not that it is missed. Urban and rural follow the dated list: Johnston is urban (30 miles), Harnett rural (45).

# %%
assert set(out.by_county["met"]) <= {"yes", "no", "not_measured"}
assert (out.by_county.loc[out.by_county["met"] == "not_measured", "why"] != "").all()
out.single_cover[["county", "service", "provider", "people", "share_pct"]].head(8).round(1)

# %% [markdown]
# The counties as shapes, for one service: on a map to hover over (without tiles, which would tell a stranger where we
# look), and beside all services as bars.

# %%
service = named.sort_values("share_pct")["service"].iloc[0]
shown = ["county", "service", "people", "people_within", "share_pct", "nearest_p95_mi", "met", "why"]
out.counties(service)[[*shown, "geometry"]].explore(
    column="share_pct", tiles=None, vmin=80, vmax=100, cmap="viridis", tooltip=shown,
    legend_kwds={"caption": f"{service}: people with a choice of two agencies (%)"},
)  # fmt: skip

# %%
fig, ax = plt.subplots(figsize=(8, 4.5))
share = named.pivot(index="service", columns="county", values="share_pct")
share.plot.bar(ax=ax)
ax.axhline(95, color="0.3", linestyle="--", label="95 % required")
ax.set(title="People with a choice of two agencies (straight line)", ylabel="share of people (%)", xlabel="")
ax.legend(loc="lower left", framealpha=1)
ax.set_ylim(0, 105)
fig.tight_layout()

# %%
write_workbook(out, here / "adequacy.xlsx")
print((here / "adequacy.xlsx").stat().st_size, "bytes")
net.close()
folder.cleanup()
