"""Who is who across the rows of a roster: ids for providers and sites that have none, the same every time.

A site is one place of one provider: its key is the provider with the street (spelling folded) and the ZIP code, or the
point where there is no street. Suites do not make a place. Nothing here asks anybody; the ids follow from the text.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["add_ids", "name_key", "place_key", "street_key"]

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


def add_ids(rows: pd.DataFrame) -> None:
    """Fill in missing ``provider_id`` and ``site_id``, in place: from NPI (or name), and from the address key.

    Parameters
    ----------
    rows : DataFrame
        Table ``roster`` as text, ``""`` for empty. ``lon`` and ``lat`` are still text.
    """
    import numpy as np
    import pandas as pd

    missing = rows["provider_id"] == ""
    names = pd.Series(_by_distinct(rows["provider_name"], lambda name: f"N{_short(name_key(name))}"), index=rows.index)
    from_npi = np.where(rows["npi"] != "", rows["npi"], names)
    rows.loc[missing, "provider_id"] = from_npi[missing.to_numpy()]
    missing = rows["site_id"] == ""
    wanted = rows.loc[missing, ["provider_id", "street", "zip5", "lon", "lat", "city"]]
    distinct = wanted.drop_duplicates()
    made = {key: f"{key[0]}-{_short(place_key(*key[1:]))}" for key in distinct.itertuples(index=False, name=None)}
    rows.loc[missing, "site_id"] = [made[key] for key in wanted.itertuples(index=False, name=None)]


def _by_distinct(values: pd.Series, fold: object) -> list[str]:
    """Apply a function to every distinct text once."""
    made = {value: fold(value) for value in values.unique()}  # type: ignore[operator]
    return [made[value] for value in values]


def _short(key: str) -> str:
    """Shorten a key to an id that is the same every time and everywhere."""
    return sha256(key.encode("utf-8")).hexdigest()[:_ID_LENGTH]
