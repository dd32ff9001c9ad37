"""How often a ZIP alone settles a request: covered, gap or too close to call, for 3 to 160 sites placed at random.

Sites are drawn (seeded) among the block groups of North Carolina, as many people as likely; every ZIP of the state,
and of Harnett and Johnston County, is then asked. For the ZIPs that are too close to call it says what share of their
people lives on either side of the limit, and for how many people an address known to a tenth of a mile still settles
nothing.

Run it with ``python -m benchmarks.what_to_expect``; it writes docs/what-to-expect.md.
"""

from __future__ import annotations

import random
import sys
from datetime import date
from pathlib import Path
from statistics import mean

from adequacy.access import Question, find
from adequacy.geocode import Place, locate_zip
from adequacy.network import Offering
from adequacy.policy import load_policy
from adequacy.reference import areas, blocks_of, find_area

ON = date(2026, 11, 1)
COUNTS = (3, 5, 10, 20, 40, 80, 160)
DRAWS = 5
ADDRESS_MI = 0.1
TWO_COUNTIES = {"37085", "37101"}
PAGE = Path(__file__).parent.parent / "docs" / "what-to-expect.md"


def site(number: int, lon: float, lat: float) -> Offering:
    """An offering that counts."""
    values = dict.fromkeys(Offering._fields, "") | {
        "offering_id": number, "site_id": f"S{number:04}", "contract_status": "active", "agreement_type": "full",
        "credential_status": "approved", "nctracks_status": "active", "ages_min": None, "ages_max": None,
        "source_row": number, "lon": lon, "lat": lat, "uncertainty_mi": 0.0, "panel_status": "unknown",
    }  # fmt: skip
    return Offering(**values)  # type: ignore[arg-type]


def at_address(lon: float, lat: float) -> Place:
    """A consumer known to a tenth of a mile."""
    return Place("address", "point", lon, lat, "street_range", ADDRESS_MI, None, None, "NC", None, (), None, False,
                 "what to expect", ())  # fmt: skip


def ask(places: list[Place], sites: list[Offering], question: Question) -> dict[str, float]:
    """Ask all places; shares in per cent of ZIPs, and of the people of ZIPs too close to call."""
    words = {"covered": 0, "gap": 0, "too_close_to_call": 0}
    people = within = still = 0
    to_address = Question(on=question.on, limit_mi=question.limit_mi, tolerance_mi=0.0)
    for place in places:
        finding = find(place, sites, question)
        words[finding.word] += 1
        if finding.word != "too_close_to_call":
            continue
        for block in blocks_of(place.zcta or ""):
            word = find(at_address(block.lon, block.lat), sites, to_address).word
            people += block.people
            within += block.people * (word == "covered")
            still += block.people * (word == "too_close_to_call")
    shares = {word: 100 * count / len(places) for word, count in words.items()}
    return shares | {
        "within": 100 * within / people if people else 0.0,
        "settled": 100 * (people - still) / people if people else 100.0,
    }


def table(title: str, places: list[Place], people: list[tuple[float, float, int]], question: Question) -> list[str]:
    """One table: a row per number of sites, the mean of several draws."""
    lines = [f"## {title} ({len(places)} ZIP areas)", ""]
    lines += [
        "| sites in NC | covered | gap | too close to call | of their people: within 30 mi | settled by an address |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    points = [(lon, lat) for lon, lat, _ in people]
    weights = [count for _, _, count in people]
    for count in COUNTS:
        draws = []
        for draw in range(DRAWS):
            chosen = random.Random(1000 * count + draw).choices(points, weights, k=count)
            draws.append(ask(places, [site(i, *point) for i, point in enumerate(chosen, 1)], question))
            sys.stderr.write(f"\r{title}: {count} sites, draw {draw + 1} ")
        keys = ("covered", "gap", "too_close_to_call", "within", "settled")
        cells = [f"{mean(each[key] for each in draws):.1f} %" for key in keys]
        lines.append(f"| {count} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def main() -> None:
    """Write the page."""
    policy = load_policy()
    limit = policy.radius(ON).limit_mi or 0.0
    question = Question(
        on=ON.isoformat(), limit_mi=limit, tolerance_mi=float(policy.value("zip_boundary_tolerance_mi", ON))
    )
    places = [locate_zip(zcta) for zcta in areas("NC") if (area := find_area(zcta)) and area.rings]
    two = [place for place in places if TWO_COUNTIES.intersection(place.counties)]
    people = [(b.lon, b.lat, b.people) for place in places for b in blocks_of(place.zcta or "") if b.people]
    lines = [
        "# What a ZIP alone settles",
        "",
        "A request often carries a ZIP and nothing more. How often is that enough? Sites are drawn at random among the",
        f"people of North Carolina ({DRAWS} seeded draws for each number, means shown); the limit is {limit:g} miles,",
        f"the margin for ZIP borders {question.tolerance_mi:g} mile. An address here is known to {ADDRESS_MI:g} mile.",
        "",
        *table("North Carolina", places, people, question),
        *table("Harnett and Johnston County", two, people, question),
        "Rare services leave many ZIPs too close to call, and for those an address settles nearly every request. Made",
        f"by `python -m benchmarks.what_to_expect` on {date.today()}; the sites are random, not a roster.",  # noqa: DTZ011
        "",
    ]
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
