"""How good is the geocoding? Index a seeded half of a public address sample, ask both halves and spoilt copies.

Run: python -m benchmarks.geocoding
Prints a table of match class by error distance, what was silently wrong, and rows per second.
"""

from __future__ import annotations

import csv
import random
import re
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from adequacy import distance
from adequacy.geocode.index import build_index, open_index
from adequacy.geocode.ladder import Located, Record, climb
from adequacy.geocode.parse import Address, read_parts

SAMPLE = Path(__file__).parent.parent / "tests" / "data" / "addresses" / "rrad_openaddresses_us.csv"
SEED = 20261124
MATCHES = ("exact", "close", "range", "tie", "zip", "none")
BANDS_MI = (0.02, 0.1, 1.0, float("inf"))


@dataclass(frozen=True, slots=True)
class Truth:
    """One address of the sample: how it is written and where it is. A spoilt copy keeps the place of its original."""

    line: str
    unit: str
    city: str
    state: str
    zip5: str
    lon: float
    lat: float

    @property
    def key(self) -> Address:
        """The address folded, suite cut: what the index knows it by."""
        return read_parts(self.line, self.city, self.state, self.zip5)[0]

    def ask(self, index: object) -> Located:
        """Geocode it."""
        line = f"{self.line} {self.unit}".strip()
        return climb(Record(line, self.city, self.state, self.zip5), index)  # type: ignore[arg-type]


def sample(path: Path = SAMPLE) -> list[Truth]:
    """Read the public address sample."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [
        Truth(r["street"], r["unit"], r["city"], r["state"], r["zip"], float(r["lon"]), float(r["lat"])) for r in rows
    ]


def halves(truths: list[Truth], seed: int = SEED) -> tuple[list[Truth], list[Truth]]:
    """Split the sample in two; an address whose suite alone differs goes to the same half."""
    keys = sorted({(t.key.text, t.city, t.zip5) for t in truths})
    random.Random(seed).shuffle(keys)
    chosen = set(keys[: len(keys) // 2])
    seen = [t for t in truths if (t.key.text, t.city, t.zip5) in chosen]
    return seen, [t for t in truths if (t.key.text, t.city, t.zip5) not in chosen]


def write_points(truths: list[Truth], path: Path) -> Path:
    """Write address points as a plain CSV."""
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["address", "city", "state", "zip", "lon", "lat"])
        writer.writerows([t.line, t.city, t.state, t.zip5, t.lon, t.lat] for t in truths)
    return path


# --- spoiling ----------------------------------------------------------------------------------------------------

_LONG = {"Street": "St", "Avenue": "Ave", "Road": "Rd", "Drive": "Dr.", "Lane": "Ln", "Court": "Ct", "Circle": "Cir."}
_COMPASS = re.compile(r"\b(North|South|East|West|Northeast|Northwest|Southeast|Southwest)\b ?")


def suite(truth: Truth, dice: random.Random) -> Truth:
    """Add a suite."""
    return replace(truth, unit=dice.choice(["Ste 200", "Suites 4 and 5, STE 200", "#1D", "Apt. B", "2nd Floor"]))


def abbreviation(truth: Truth, dice: random.Random) -> Truth | None:
    """Write street words short, or the whole line in capitals."""
    short = re.sub(rf"\b({'|'.join(_LONG)})\b", lambda hit: _LONG[hit[0]], truth.line)
    return replace(truth, line=short) if short != truth.line else replace(truth, line=truth.line.upper())


def directional(truth: Truth, dice: random.Random) -> Truth | None:
    """Leave the direction out."""
    short = _COMPASS.sub("", truth.line, count=1).strip()
    kept = len(short.split()) > 2
    return replace(truth, line=short) if short != truth.line and kept else None


def other_directional(truth: Truth, dice: random.Random) -> Truth | None:
    """Write the opposite direction: another address, whose place is not known."""
    turned = {"North": "South", "South": "North", "East": "West", "West": "East"}
    found = re.search(r"\b(North|South|East|West)\b ", truth.line)
    return replace(truth, line=truth.line.replace(found[1], turned[found[1]], 1)) if found else None


def typo(truth: Truth, dice: random.Random) -> Truth | None:
    """Swap, drop or double one letter of the street name."""
    words = truth.line.split()
    long = [
        at
        for at, word in enumerate(words[1:-1], 1)
        if len(word) > 5 and word.isalpha() and word not in _COMPASS.pattern
    ]
    if not long:
        return None
    at = dice.choice(long)
    cut = dice.randrange(1, len(words[at]) - 2)
    word = words[at]
    spoilt = dice.choice(
        [
            word[:cut] + word[cut + 1] + word[cut] + word[cut + 2 :],
            word[:cut] + word[cut + 1 :],
            word[:cut] + word[cut] * 2 + word[cut + 1 :],
        ]
    )
    words[at] = spoilt
    return replace(truth, line=" ".join(words)) if spoilt != word else None


def wrong_number(truth: Truth, dice: random.Random) -> Truth:
    """Another house number: another address, whose place is not known."""
    number, rest = truth.line.split(" ", 1)
    return replace(truth, line=f"{int(re.sub(r'[^0-9]', '', number) or 1) + dice.choice([2, 10, 1000])} {rest}")


def wrong_street(truth: Truth, dice: random.Random) -> Truth:
    """A street that is not there."""
    number = truth.line.split(" ", 1)[0]
    return replace(truth, line=f"{number} {dice.choice(['Zebulon Quarry', 'Old Xanthe', 'Quibble'])} Road")


def wrong_zip(truth: Truth, dice: random.Random, zips: list[str]) -> Truth:
    """The ZIP of another address of the sample."""
    return replace(truth, zip5=dice.choice([zip5 for zip5 in zips if zip5 != truth.zip5]))


def questions(seen: list[Truth], unseen: list[Truth], seed: int = SEED) -> dict[str, list[Truth]]:
    """Make every kind of question, the same every time."""
    dice = random.Random(seed)
    zips = sorted({t.zip5 for t in seen})
    out = {"seen": seen, "unseen": unseen}
    for spoil in (suite, abbreviation, directional, other_directional, typo, wrong_number, wrong_street):
        out[spoil.__name__] = [spoilt for t in seen if (spoilt := spoil(t, dice)) is not None]
    out["wrong_zip"] = [wrong_zip(t, dice, zips) for t in seen]
    out["unseen_typo"] = [spoilt for t in unseen if (spoilt := typo(t, dice)) is not None]
    return out


# --- judging -----------------------------------------------------------------------------------------------------


def error_mi(truth: Truth, found: Located) -> float:
    """How far off the answer is, in statute miles."""
    return distance.miles(truth.lon, truth.lat, found.lon, found.lat)


def silently_wrong(truth: Truth, found: Located) -> bool:
    """Over a mile off, farther than the answer says it may be, and neither flagged nor called close."""
    off = error_mi(truth, found)
    return off > 1.0 and off > found.uncertainty_mi and found.match in {"exact", "range", "zip"} and not found.flags


def run(folder: Path) -> tuple[str, float]:
    """Build, ask, and return the table and the rows a second."""
    seen, unseen = halves(sample())
    build_index(write_points(seen, folder / "points.csv"), folder / "points.idx")
    index = open_index(folder / "points.idx")
    lines = [
        "| question | rows | match | rows | "
        + " | ".join(_band(at) for at in range(len(BANDS_MI)))
        + " | no place | silently wrong |"
    ]
    lines.append("|---|---:|---|---:|" + "---:|" * (len(BANDS_MI) + 2))
    asked, took = 0, 0.0
    for name, truths in questions(seen, unseen).items():
        start = time.perf_counter()
        found = [truth.ask(index) for truth in truths]
        took += time.perf_counter() - start
        asked += len(truths)
        for match in MATCHES:
            here = [(t, f) for t, f in zip(truths, found, strict=True) if f.match == match]
            if here:
                wrong = sum(silently_wrong(t, f) for t, f in here)
                lines.append(f"| {name} | {len(truths)} | {match} | {len(here)} | {_bands(here)} | {wrong} |")
    return "\n".join(lines), asked / took


def _band(at: int) -> str:
    """Name an error band."""
    return f"over {BANDS_MI[at - 1]} mi" if at == len(BANDS_MI) - 1 else f"to {BANDS_MI[at]} mi"


def _bands(here: list[tuple[Truth, Located]]) -> str:
    """Count answers by error band; last those without a place."""
    counts = [0] * (len(BANDS_MI) + 1)
    for truth, found in here:
        off = error_mi(truth, found)
        counts[next((at for at, band in enumerate(BANDS_MI) if off <= band), len(BANDS_MI))] += 1
    return " | ".join(map(str, counts))


def main() -> int:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        table, rate = run(Path(folder))
    print(table)
    print(f"\n{rate:,.0f} rows a second (reading the line, asking the index, ZIP where it fails)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
