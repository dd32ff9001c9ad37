"""Who is who across the rows of a roster: ids for providers and sites that have none, the same every time.

A site is one place of one provider: its key is the provider with the street (spelling folded) and the ZIP code, or the
point where there is no street. Suites do not make a place. Nothing here asks anybody; the ids follow from the text.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from adequacy.intake.coded import Numbering
from adequacy.intake.findings import Source
from adequacy.tables import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pandas as pd

    from adequacy.intake.findings import Findings
    from adequacy.intake.rows import Limits

__all__ = ["NUMBERED", "add_ids", "name_key", "note_rows", "place_key", "review", "street_key"]

_STREET_WORDS = {
    "street": "st", "str": "st", "avenue": "ave", "av": "ave", "boulevard": "blvd", "drive": "dr", "road": "rd",
    "lane": "ln", "court": "ct", "circle": "cir", "place": "pl", "parkway": "pkwy", "highway": "hwy", "terrace": "ter",
    "trail": "trl", "square": "sq", "plaza": "plz", "expressway": "expy", "north": "n", "south": "s", "east": "e",
    "west": "w", "northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw", "saint": "st",
    "mount": "mt", "fort": "ft", "extension": "ext", "crossing": "xing", "center": "ctr", "centre": "ctr",
}  # fmt: skip
_UNIT = re.compile(
    r"[,\s]+(?:(?:suite|ste|unit|apt|apartment|room|rm|floor|fl|building|bldg|office|ofc|dept)\b\.?|#)\s*[\w-]*.*$",
    re.IGNORECASE,
)
_COMPANY_WORDS = frozenset({"inc", "llc", "pllc", "pc", "pa", "corp", "corporation", "company", "co", "ltd", "the"})
_ID_LENGTH = 10
_NEAR_STREET = 85
_NEAR_NAME = 90
_BLOCK_LETTERS = 2


def street_key(street: str) -> str:
    """Fold the spelling of a street line: case, punctuation, suffixes, directionals; suites are cut off.

    Examples
    --------
    >>> street_key("123 North Main Street, Suite 4") == street_key("123 N. MAIN ST")
    True
    """
    words = re.sub(r"[^0-9a-z ]+", " ", _UNIT.sub("", street).casefold().replace("'", "")).split()
    return " ".join(_STREET_WORDS.get(word, word) for word in words)


def place_key(street: str, zip5: str, lon: str = "", lat: str = "", city: str = "") -> str:
    """Return the key of a place: street and ZIP code, else the point, else the ZIP code alone."""
    if street:
        return f"{street_key(street)}|{zip5 or city.casefold()}"
    return f"@{lon},{lat}" if lon and lat else f"|{zip5}"


def name_key(name: str) -> str:
    """Fold a provider's name: case, punctuation and the words of its legal form.

    Examples
    --------
    >>> name_key("Carolina Outreach, LLC") == name_key("CAROLINA OUTREACH L.L.C.")
    True
    """
    words = re.sub(r"[^0-9a-z&]+", " ", name.casefold().replace(".", "").replace("'", "")).split()
    return " ".join(word for word in words if word not in _COMPANY_WORDS) or " ".join(words)


def add_ids(rows: pd.DataFrame, numbering: Numbering) -> None:
    """Fill in missing ``provider_id`` and ``site_id``, in place: from NPI (or name), and from the address key.

    Parameters
    ----------
    rows : DataFrame
        Table ``roster`` as text, ``""`` for empty. ``lon`` and ``lat`` are still text.
    numbering : Numbering
        The numbers of its columns.
    """
    numbering.make("provider_id", ("provider_id", "npi", "provider_name"), _provider_id)
    numbering.make("site_id", ("site_id", "provider_id", "street", "zip5", "lon", "lat", "city"), _site_id)


def _provider_id(given: str, npi: str, name: str) -> str:
    """Return the id of a provider: as given, else its NPI, else made from its name."""
    return given or npi or f"N{_short(name_key(name))}"


def _site_id(given: str, provider: str, *place: str) -> str:
    """Return the id of a site: as given, else made from its provider and its place."""
    return given or f"{provider}-{_short(place_key(*place))}"


def _short(key: str) -> str:
    """Shorten a key to an id that is the same every time and everywhere."""
    return sha256(key.encode("utf-8")).hexdigest()[:_ID_LENGTH]


# --------------------------------------------------------------------------------------------- what is written twice


def note_rows(
    findings: Findings,
    rows: pd.DataFrame,
    column: str,
    rule: str,
    *,
    old: Sequence[str] | str = "",
    new: Sequence[str] | str = "",
    detail: Sequence[str] | str = "",
) -> None:
    """Note one rule for rows that carry ``source_file, source_sheet, source_row``, source by source."""
    if not len(rows):
        return
    keys = list(zip(rows["source_file"], rows["source_sheet"], strict=True))
    numbers = rows["source_row"].tolist()
    for key in dict.fromkeys(keys):
        places = [place for place, each in enumerate(keys) if each == key]

        def part(texts: Sequence[str] | str, places: list[int] = places) -> Sequence[str] | str:
            return texts if isinstance(texts, str) else [texts[place] for place in places]

        findings.add(
            Source(*key), [numbers[place] for place in places], column, rule,
            old=part(old), new=part(new), detail=part(detail),
        )  # fmt: skip


def review(rows: pd.DataFrame, findings: Findings, limits: Limits, numbering: Numbering) -> pd.DataFrame:
    """Make one of what is written two ways, and name what only a person can tell apart.

    Sites of one id become one place, spelled as in the first row; a site id that stands for two places or two
    providers is split; the same offering twice is kept once. Two ids for one place, two names for one provider, near
    names and lists that stop at a known limit are named, and stand.

    Parameters
    ----------
    rows : DataFrame
        Table ``roster`` as text with ids; changed in place.
    findings : Findings
        Where all this is noted.
    limits : Limits
        What counts as one place, and the known limit of an upstream list.
    numbering : Numbering
        The numbers of its columns.

    Returns
    -------
    DataFrame
        The rows that stay.
    """
    # who and where is asked of the first row of each combination: a roster has few of them, and the rows follow suit
    _, first = numbering.of(_IDENTITY)
    _share_site_ids(rows, first, findings)
    _one_name(rows, first, findings)
    _one_place(rows, first, findings, limits)
    numbering.changed(*_IDENTITY)
    _two_ids_one_place(rows.iloc[first], findings)
    kept = _once(rows, findings, numbering)
    _disagreeing(kept, findings, numbering if kept is rows else Numbering(kept))
    _near_names(rows.iloc[first], findings)
    if limits.upload_locations:
        _cut_off(kept, rows.iloc[first], findings, limits.upload_locations)
    return kept


def _share_site_ids(rows: pd.DataFrame, first_rows: np.ndarray, findings: Findings) -> None:
    """Give each provider its own site id where several share one."""
    pairs = rows[["site_id", "provider_id"]].iloc[first_rows].drop_duplicates()
    shared = set(pairs.loc[pairs["site_id"].duplicated(keep=False), "site_id"])
    if not shared:
        return
    first = dict(zip(pairs["site_id"][::-1], pairs["provider_id"][::-1], strict=True))
    theirs = rows["site_id"].isin(shared) & (rows["provider_id"] != rows["site_id"].map(first))
    old = rows.loc[theirs, "site_id"].tolist()
    new = [f"{site}-{provider}" for site, provider in zip(old, rows.loc[theirs, "provider_id"], strict=True)]
    note_rows(findings, rows[theirs], "site_id", "site_id_shared", old=old, new=new)
    rows.loc[theirs, "site_id"] = new


def _one_name(rows: pd.DataFrame, first_rows: np.ndarray, findings: Findings) -> None:
    """Name providers by their first row; say where names or NPIs of one id differ."""
    for name, fold, spelled, differs in (
        ("provider_name", name_key, "provider_spelling", "provider_two_names"),
        ("npi", str, "", "provider_two_npis"),
    ):
        pairs = rows[["provider_id", name]].iloc[first_rows].drop_duplicates()
        pairs = pairs[pairs[name] != ""]
        odd = set(pairs.loc[pairs["provider_id"].duplicated(keep=False), "provider_id"])
        if not odd:
            continue
        first = dict(zip(pairs["provider_id"][::-1], pairs[name][::-1], strict=True))
        given = rows[rows["provider_id"].isin(odd) & (rows[name] != "")]
        other = given[given[name] != given["provider_id"].map(first)]
        firsts = other["provider_id"].map(first).tolist()
        said = [
            spelled if spelled and fold(theirs) == fold(ours) else differs
            for theirs, ours in zip(other[name], firsts, strict=True)
        ]
        for rule in dict.fromkeys(said):
            places = [place for place, each in enumerate(said) if each == rule]
            part = other.iloc[places]
            ours = [firsts[place] for place in places]
            note_rows(findings, part, name, rule, old=part[name].tolist(), new=ours, detail=ours)
        rows.loc[other.index, name] = firsts


_PLACE = ("street", "suite", "city", "state", "zip5", "county_fips", "lon", "lat", "precision")
_IDENTITY = ("provider_id", "provider_name", "npi", "site_id", *_PLACE)
#: Columns whose numbers are asked for more than once.
NUMBERED = frozenset({*_IDENTITY, "service_key", "contract_from", "contract_to", "source_file", "source_sheet"})


def _one_place(rows: pd.DataFrame, first_rows: np.ndarray, findings: Findings, limits: Limits) -> None:
    """Let every row of a site say the same place as its first row; split ids that stand for two places."""
    distinct = rows[["site_id", *_PLACE]].iloc[first_rows].drop_duplicates()
    odd = distinct[distinct["site_id"].duplicated(keep=False)]
    moves: dict[tuple[str, ...], tuple[str, list[str]]] = {}
    for site, group in odd.groupby("site_id", sort=False):
        spots: list[tuple[str, list[str]]] = []
        for spot in group[list(_PLACE)].itertuples(index=False, name=None):
            same = next((each for each in spots if _same_place(each[1], spot)), None)
            if same is None:
                new_id = (
                    str(site)
                    if not spots
                    else f"{site}-{_short(place_key(spot[0], spot[4], spot[6], spot[7], spot[2]))}"
                )
                same = (new_id, list(spot))
                spots.append(same)
            else:
                _complete(same[1], spot)
            moves[(str(site), *spot)] = same
    if not moves:
        return
    touched = rows[rows["site_id"].isin(set(odd["site_id"]))]
    places = touched[["site_id", *_PLACE]].itertuples(index=False, name=None)
    targets = [moves[tuple(place)] for place in places]
    _note_places(touched, targets, findings, limits)
    rows.loc[touched.index, "site_id"] = [target[0] for target in targets]
    for place, name in enumerate(_PLACE):
        rows.loc[touched.index, name] = [target[1][place] for target in targets]


def _same_place(first: Sequence[str], other: Sequence[str]) -> bool:
    """Tell whether two spellings are one place: same house number and nearly the same street, no other ZIP code."""
    if first[4] and other[4] and first[4] != other[4]:
        return False
    one, two = street_key(first[0]), street_key(other[0])
    if not one or not two or one == two:
        return True
    from rapidfuzz.fuzz import ratio

    return one.split()[0] == two.split()[0] and ratio(one, two) >= _NEAR_STREET


def _complete(spot: list[str], other: Sequence[str]) -> None:
    """Fill the empty parts of a place from another row of it; a point only as a whole."""
    for place, name in enumerate(_PLACE):
        if name not in {"lon", "lat", "precision"} and not spot[place]:
            spot[place] = other[place]
    if not (spot[6] and spot[7]) and other[6] and other[7]:
        spot[6], spot[7], spot[8] = other[6], other[7], other[8]


def _note_places(
    touched: pd.DataFrame, targets: list[tuple[str, list[str]]], findings: Findings, limits: Limits
) -> None:
    """Say which rows were spelled otherwise, moved to an id of their own, or gave another point."""
    own = [target[0] for target in targets]
    split = [place for place, (old, new) in enumerate(zip(touched["site_id"], own, strict=True)) if old != new]
    part = touched.iloc[split]
    note_rows(
        findings, part, "site_id", "site_id_reused", old=part["site_id"].tolist(), new=[own[place] for place in split],
        detail=part["street"].tolist(),
    )  # fmt: skip
    for name in ("street", "suite", "city"):
        ours = [target[1][_PLACE.index(name)] for target in targets]
        theirs = touched[name].tolist()
        spelled = [place for place, text in enumerate(theirs) if text and text != ours[place]]
        note_rows(
            findings, touched.iloc[spelled], name, "site_spelling", old=[theirs[place] for place in spelled],
            new=[ours[place] for place in spelled], detail=[own[place] for place in spelled],
        )  # fmt: skip
    gaps = [_gap_mi((lon, lat), (target[1][6], target[1][7]))
            for lon, lat, target in zip(touched["lon"], touched["lat"], targets, strict=True)]  # fmt: skip
    far = [place for place, gap in enumerate(gaps) if limits.same_place_mi is not None and gap > limits.same_place_mi]
    note_rows(
        findings, touched.iloc[far], "lat", "site_moved", old=[touched["lat"].iloc[place] for place in far],
        new=[targets[place][1][7] for place in far], detail=[f"{gaps[place]:.1f}" for place in far],
    )  # fmt: skip


def _gap_mi(one: tuple[str, str], two: tuple[str, str]) -> float:
    """Return the miles between two points written as text; 0 where one is missing."""
    from adequacy.distance import miles

    return miles(*map(float, one), *map(float, two)) if all((*one, *two)) and one != two else 0.0


def _two_ids_one_place(spots: pd.DataFrame, findings: Findings) -> None:
    """Name places of one provider that go under two site ids."""
    sites = spots.drop_duplicates("site_id")
    sites = sites[sites["street"] != ""]
    keys = [
        (provider, street_key(street), zip5, suite.casefold())
        for provider, street, zip5, suite in sites[["provider_id", "street", "zip5", "suite"]].itertuples(index=False)
    ]
    first: dict[tuple[str, ...], str] = {}
    double, others = [], []
    for place, (key, site) in enumerate(zip(keys, sites["site_id"], strict=True)):
        if first.setdefault(key, site) != site:
            double.append(place)
            others.append(first[key])
    note_rows(
        findings,
        sites.iloc[double],
        "site_id",
        "site_id_double",
        old=sites["site_id"].iloc[double].tolist(),
        detail=others,
    )


def _once(rows: pd.DataFrame, findings: Findings, numbering: Numbering) -> pd.DataFrame:
    """Keep one of offerings that agree in every column."""
    import numpy as np

    numbers, first = numbering.of(("provider_id", "site_id", "service_key", "contract_from", "contract_to"))
    if len(first) == len(rows):
        return rows
    alike = rows[np.bincount(numbers)[numbers] > 1]
    facts = [name for name in rows.columns if name not in {"source_file", "source_sheet", "source_row"}]
    twice = alike.duplicated(subset=facts, keep="first")
    if not twice.any():
        return rows
    again = alike[twice]
    keys = alike[facts].apply(lambda column: column.astype("category").cat.codes)
    groups = keys.groupby(list(keys.columns), sort=False).ngroup()
    firsts = dict(zip(groups[~twice], alike.loc[~twice, "source_row"], strict=True))
    detail = [f"first in row {firsts[number]}" for number in groups[twice]]
    note_rows(findings, again, "service", "duplicate_row", old=again["service_key"].tolist(), detail=detail)
    kept: pd.DataFrame = rows.drop(index=again.index).reset_index(drop=True)
    return kept


def _disagreeing(rows: pd.DataFrame, findings: Findings, numbering: Numbering) -> None:
    """Name offerings described twice at the same time with different facts, each by its first differing column."""
    import numpy as np

    key = ("provider_id", "site_id", "service_key", "contract_id", "agreement_type", "funding")
    numbers, first = numbering.of(key)
    firsts = first[numbers]
    starts, ends, ended = _in_order(numbering)
    start = np.maximum(starts, starts[firsts])
    over = (ended & (ends < start)) | (ended[firsts] & (ends[firsts] < start))
    places = np.flatnonzero(~over & (firsts != np.arange(len(rows))))
    if not len(places):
        return
    of_place = {*_PLACE, "site_name", "phone", "email", "referral_email", "provider_name", "npi", "provider_kind"}
    facts = [name for name in table("roster").names if name not in {*key, *of_place, "service", "taxonomy"}]
    theirs, ours = rows.iloc[places], rows.iloc[firsts[places]]
    open_rows = np.ones(len(places), dtype=bool)
    for name in facts:
        differs = open_rows & (theirs[name].to_numpy() != ours[name].to_numpy())
        part = theirs[differs]
        said = zip(ours.loc[differs, "source_row"], ours.loc[differs, name], strict=True)
        note_rows(
            findings, part, name, "rows_disagree", old=part[name].tolist(), new=part[name].tolist(),
            detail=[f"row {number}: {value or 'nothing'}" for number, value in said],
        )  # fmt: skip
        open_rows &= ~differs


def _in_order(numbering: Numbering) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the first and last days of the contracts as numbers in the order of the days, and which have a last."""
    import numpy as np

    numbers, texts = [], []
    for name in ("contract_from", "contract_to"):
        codes, first = numbering.of((name,))
        numbers.append(codes)
        texts.append(numbering.texts(name, first).astype(str))
    days = np.unique(np.concatenate(texts))
    starts, ends = (np.searchsorted(days, each)[codes] for codes, each in zip(numbers, texts, strict=True))
    return starts, ends, (texts[1] != "")[numbers[1]]


def _near_names(spots: pd.DataFrame, findings: Findings) -> None:
    """List providers of different ids whose names are nearly the same, for a person to look at."""
    from rapidfuzz import process
    from rapidfuzz.fuzz import ratio

    providers = spots.drop_duplicates("provider_id")
    keys = [name_key(name) for name in providers["provider_name"]]
    blocks: dict[str, list[int]] = {}
    for place, key in enumerate(keys):
        blocks.setdefault(key[:_BLOCK_LETTERS], []).append(place)
    later, named = [], []
    names = providers["provider_name"].tolist()
    for block in blocks.values():
        if len(block) < 2:  # noqa: PLR2004 - a pair
            continue
        likeness = process.cdist([keys[place] for place in block], [keys[place] for place in block], scorer=ratio,
                                 score_cutoff=_NEAR_NAME)  # fmt: skip
        for second in range(1, len(block)):
            near = (likeness[second, :second] >= _NEAR_NAME).nonzero()[0]
            if len(near):
                later.append(block[second])
                named.append(names[block[near[0]]])
    order = sorted(range(len(later)), key=lambda each: later[each])
    part = providers.iloc[[later[each] for each in order]]
    note_rows(
        findings, part, "provider_name", "near_names", old=part["provider_name"].tolist(),
        new=part["provider_name"].tolist(), detail=[named[each] for each in order],
    )  # fmt: skip


def _cut_off(rows: pd.DataFrame, spots: pd.DataFrame, findings: Findings, most: int) -> None:
    """Name NPIs with exactly so many sites as an upstream list can hold."""
    sites = spots.loc[spots["npi"] != "", ["npi", "site_id"]].drop_duplicates()
    counts = sites.groupby("npi").size()
    full = counts.index[counts == most]
    if full.empty:
        return
    last = rows[rows["npi"].isin(full)].drop_duplicates("npi", keep="last")
    note_rows(
        findings, last, "npi", "ten_locations", old=last["npi"].tolist(), new=last["npi"].tolist(), detail=str(most)
    )
