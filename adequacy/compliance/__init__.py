"""Standards x areas -> share of people with access; gaps.

``measure_plan`` measures every standard of a scheme for Census or member people; ``Measured`` holds the tables. Who
counts and who reaches whom is decided by ``access`` alone, as for a single request.
"""

from adequacy.compliance.measured import Measured, measure_plan
from adequacy.compliance.people import People, as_people, census_people, county_codes, member_people

__all__ = [
    "Measured",
    "People",
    "as_people",
    "census_people",
    "county_codes",
    "measure_plan",
    "member_people",
]
