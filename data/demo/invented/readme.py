"""The text that travels with the demo's files."""

from __future__ import annotations

from adequacy.reference.demo import NOTICE

from . import ROSTER_DATE

TEXT = f"""{NOTICE}
{"=" * len(NOTICE)}

The names, addresses and points of the providers are 919 real North Carolina
listings of 2019-2021, facts published by the United States government (SAMHSA
treatment locator and opioid treatment program directory, HIFLD hospitals).
They are years old. Everything else is invented: services, contracts,
enrolment, panels, NPIs, e-mail addresses, telephone numbers 555-01xx, every
consumer, every request, every past decision. Nothing here may inform a real
decision, and nothing here says anything about a real provider.

roster.csv          one row per provider x service x site, as of {ROSTER_DATE}
members.csv         invented consumers: an eligibility file
requests.csv        twelve requests, one for each way a request can go
past_decisions.csv  a log of past decisions; some part company with the rule

The last rows of roster.csv belong to one invented provider in the far west
whose names are odd on purpose (markup, formulas, control characters); its last
two rows cannot get in, to show what a refused row looks like. In members.csv
some people have only an address or a ZIP, some a county of eligibility other
than the one they live in, some are no longer eligible, some have moved.

Try:

  adequacy network build roster.csv --roster-date {ROSTER_DATE} --out my.gpkg
  adequacy check --service SAIOP --zip 27546 --network my.gpkg
  adequacy backtest past_decisions.csv --out backtest.csv --network my.gpkg
"""
