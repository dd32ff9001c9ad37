"""What the demo invents: providers' contracts, consumers, requests. The places are real, everything here is not.

Everything is drawn from :class:`invented.draw.Draw`, seeded with a text per thing drawn, so that a changed line of the
service plan moves its own rows only and the same seed gives the same bytes on every system and Python.
"""

from datetime import date

#: The day as of which the invented roster stands.
ROSTER_DATE = date(2026, 11, 1)


#: The counties of the plan; the demo is dense there and thin elsewhere.
PLAN_COUNTIES = {
    "37063": "Durham",
    "37183": "Wake",
    "37051": "Cumberland",
    "37101": "Johnston",
    "37135": "Orange",
    "37119": "Mecklenburg",
    "37085": "Harnett",
}
