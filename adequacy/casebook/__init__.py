"""The register of requests: what came, when, what was decided, which clock runs.

Events are appended and never edited; state, clocks and due dates are derived from them. A casebook is one SQLite file,
or a PostgreSQL database for a team.
"""

from adequacy.casebook.book import Casebook, open_casebook
from adequacy.casebook.process import Case, CaseClock, Event

__all__ = ["Case", "CaseClock", "Casebook", "Event", "open_casebook"]
