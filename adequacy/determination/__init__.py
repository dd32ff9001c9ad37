"""One request to its determination: facts from evidence, the decision table, the frozen record.

``determine`` takes the facts of a request, the answer of ``check``, the requester's standing on the roster and the
recorded calls; it never measures and never asks the time of day.
"""

from adequacy.determination.deciding import Determination, determine, needs_distance
from adequacy.determination.facts import Contact, Fact, Standing, standing_of
from adequacy.determination.record import RECORD_SCHEMA, Verification, canonical, read_record, verify, write_record

__all__ = [
    "RECORD_SCHEMA",
    "Contact",
    "Determination",
    "Fact",
    "Standing",
    "Verification",
    "canonical",
    "determine",
    "needs_distance",
    "read_record",
    "standing_of",
    "verify",
    "write_record",
]
