"""Who is contracted for what, where, on a date: the network file and its index.

A network file is one GeoPackage (SQLite inside), compiled from rosters and never changed afterwards: a new roster is a
new file. ``open_network`` reads it through ``sqlite3`` alone; ``build_network`` writes it with GeoPandas.
"""

from adequacy.network.build import BuildReport, build_network
from adequacy.network.file import NetworkFile, Offering, open_network

__all__ = ["BuildReport", "NetworkFile", "Offering", "build_network", "open_network"]
