# %% [markdown]
# # The demo's county results, computed again
#
# Nothing of `adequacy.access` or `adequacy.compliance` is used to compute: the network file is read with GeoPandas,
# what counts is filtered with pandas, distances come from `pyproj.Geod`. People within must agree to the person, in
# every county of the plan and for every service.

# %%
import geopandas
import numpy as np
import pandas as pd
from pyproj import Geod

import adequacy as aq
from adequacy.reference.demo import demo_path

DAY, MILE_M = "2026-11-01", 1609.344
geod = Geod(ellps="WGS84")
net = aq.demo_network()
out = aq.measure(net, scheme="alliance_oon", as_of=DAY)
print(out)

# %% [markdown]
# The tables of the network file, joined and filtered by the words of the documentation.

# %%
sites = geopandas.read_file(demo_path(), layer="sites")
offerings = geopandas.read_file(demo_path(), layer="offerings")
rows = offerings.merge(sites[["site_id", "lon", "lat", "uncertainty_mi"]], on="site_id", how="left").fillna(
    {"uncertainty_mi": 0.0}
)


def within(first, last):
    """Whether the day lies between two dates; an empty one is open."""
    begin, end = rows[first].fillna("").astype(str), rows[last].fillna("").astype(str)
    return ((begin == "") | (begin <= DAY)) & ((end == "") | (end >= DAY))


def not_past(column):
    """Whether a date is empty or not past."""
    text = rows[column].fillna("").astype(str)
    return (text == "") | (text >= DAY)


counted = rows[
    (rows["contract_status"] == "active")
    & within("contract_from", "contract_to")
    & (rows["agreement_type"] == "full")
    & within("service_from", "service_to")
    & (rows["credential_status"] == "approved")
    & not_past("credential_due")
    & not_past("license_expiry")
    & (rows["nctracks_status"] == "active")
    & within("nctracks_from", "nctracks_to")
    & (rows["referral_stop"] != "Y")
    & (rows["telehealth"] != "only")
    & rows["lon"].notna()
]
print(len(rows), "offerings,", len(counted), "count")

# %% [markdown]
# Block groups of the plan's counties, and the nearest counted site of each by brute force.

# %%
people = aq.census_people(sorted(set(out.by_county["county_fips"])))
people = people[people["people"] > 0].reset_index(drop=True)
travelling = {each.key for each in net.policy.services if each.mode in ("mobile", "home")}


def reached(service):
    """For each block group: is some counted site surely within 30 miles, and how far is the nearest as drawn?"""
    here = counted[counted["service_key"] == service].reset_index(drop=True)
    if here.empty:
        return np.zeros(len(people), dtype=bool), np.full(len(people), np.inf)
    shape = (len(people), len(here))
    pairs = [
        np.broadcast_to(values[:, None], shape).ravel()
        for values in (people["lon"].to_numpy(), people["lat"].to_numpy())
    ]
    pairs += [np.broadcast_to(values, shape).ravel() for values in (here["lon"].to_numpy(), here["lat"].to_numpy())]
    metres = geod.inv(*pairs)[2].reshape(shape)
    serves = np.ones(shape, dtype=bool)
    if service in travelling:
        stated = here["counties_served"].fillna("").astype(str)
        for column, counties in enumerate(stated):
            if counties:
                serves[:, column] = people["county_fips"].isin(counties.split(";"))
    metres = np.where(serves, metres, np.inf)
    sure = metres + here["uncertainty_mi"].to_numpy() * MILE_M <= 30 * MILE_M
    return sure.any(axis=1), metres.min(axis=1) / MILE_M


# %%
found = []
for service in sorted(set(out.by_county["service"])):
    inside, nearest = reached(service)
    frame = people.assign(service=service, inside=people["people"] * inside, nearest=nearest)
    by_county = frame.groupby(["county_fips", "service"]).agg(
        people=("people", "sum"), people_within=("inside", "sum"), nearest_max_mi=("nearest", "max")
    )
    found.append(by_county)
again = pd.concat(found).sort_index()
ours = out.by_county.set_index(["county_fips", "service"]).sort_index()

# %% [markdown]
# To the person, and to a ten-millionth of a mile.

# %%
assert again.index.equals(ours.index)
assert (again["people"] == ours["people"]).all()
assert (again["people_within"] == ours["people_within"]).all()
far = again["nearest_max_mi"].replace(np.inf, np.nan)
assert np.allclose(far, ours["nearest_max_mi"], atol=1e-7, rtol=0, equal_nan=True)
print(f"{len(again)} county x service results agree to the person: {int(again['people_within'].sum()):,} people within")

# %%
net.close()
