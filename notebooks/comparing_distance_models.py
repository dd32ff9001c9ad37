# %% [markdown]
# # Why haversine and planar distances flip decisions
#
# The rule says *thirty miles*. Four rulers, the same points: the geodesic on WGS 84 (what the rule means), haversine on
# a sphere, the State Plane and the Albers projection. Near the line they disagree, and a letter depends on it.

# %%
import matplotlib.pyplot as plt
import numpy as np
from pyproj import Geod, Transformer

import adequacy as aq

MILE_M, LIMIT_MI = 1609.344, 30.0
geod = Geod(ellps="WGS84")
net = aq.demo_network()


def haversine_mi(lon_a, lat_a, lon_b, lat_b, radius_km=6371.0088):
    """Miles on a sphere."""
    lon_a, lat_a, lon_b, lat_b = map(np.radians, (lon_a, lat_a, lon_b, lat_b))
    chord = np.sin((lat_b - lat_a) / 2) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    return 2 * radius_km * 1000 * np.arcsin(np.sqrt(chord)) / MILE_M


def planar_mi(epsg, lon_a, lat_a, lon_b, lat_b):
    """Miles on a flat map."""
    flat = Transformer.from_crs("EPSG:4326", f"EPSG:{epsg}", always_xy=True)
    xa, ya = flat.transform(lon_a, lat_a)
    xb, yb = flat.transform(lon_b, lat_b)
    return np.hypot(xa - xb, ya - yb) / MILE_M


# %% [markdown]
# First the error itself: 20,000 pairs *exactly* 30 miles apart across North Carolina.

# %%
random = np.random.default_rng(30)
lon, lat, azimuth = random.uniform(-84, -76, 20_000), random.uniform(34, 36.5, 20_000), random.uniform(0, 360, 20_000)
far_lon, far_lat, _ = geod.fwd(lon, lat, azimuth, np.full(20_000, LIMIT_MI * MILE_M))
models = {
    "haversine": haversine_mi(lon, lat, far_lon, far_lat),
    "EPSG:32119 (NC State Plane)": planar_mi(32119, lon, lat, far_lon, far_lat),
    "EPSG:5070 (Albers)": planar_mi(5070, lon, lat, far_lon, far_lat),
    "EPSG:3857 (Web Mercator)": planar_mi(3857, lon, lat, far_lon, far_lat),
}
for name, miles in models.items():
    print(f"{name:<28} {1609.344 * (miles.min() - 30):9.1f} to {1609.344 * (miles.max() - 30):9.1f} m off at 30 miles")

# %%
fig, ax = plt.subplots(figsize=(7, 4))
for name in list(models)[:3]:
    ax.hist((models[name] - LIMIT_MI) * MILE_M, bins=80, histtype="step", label=name)
ax.set(title="A pair that is exactly 30 miles apart", xlabel="error of the ruler (m)", ylabel="pairs")
ax.legend()

# %% [markdown]
# Now decisions: every point within a few hundred metres of the line of some site of a rare service.

# %%
service = "fbc_adult"
sites = net.sites_within(service, lon=[-79.0], lat=[35.5], limit_mi=500)
offerings = {each.site_id: each for each in net.file.offerings(service)}
spots = np.array([(offerings[key].lon, offerings[key].lat) for key in sites["site_id"]])
which = random.integers(0, len(spots), 60_000)
reach = (LIMIT_MI + random.uniform(-0.3, 0.3, 60_000)) * MILE_M
lon, lat, _ = geod.fwd(spots[which, 0], spots[which, 1], random.uniform(0, 360, 60_000), reach)
truth = net.covered(service, lon=lon, lat=lat)


def nearest(ruler):
    """Miles to the nearest site by a ruler."""
    return np.min([ruler(lon, lat, np.full_like(lon, x), np.full_like(lat, y)) for x, y in spots], axis=0)


exact = nearest(lambda *at: geod.inv(*at)[2] / MILE_M) <= LIMIT_MI
print("ours against pyproj.Geod:", int((truth != exact).sum()), "of", len(lon), "differ")
flipped = {
    "haversine": int(((nearest(haversine_mi) <= LIMIT_MI) != truth).sum()),
    "EPSG:32119": int(((nearest(lambda *at: planar_mi(32119, *at)) <= LIMIT_MI) != truth).sum()),
    "EPSG:5070": int(((nearest(lambda *at: planar_mi(5070, *at)) <= LIMIT_MI) != truth).sum()),
}
for name, count in flipped.items():
    print(f"{name:<12} flips {count:6,} of {len(lon):,} decisions near the line")
assert (truth == exact).all()
assert all(flipped.values())

# %%
net.close()
