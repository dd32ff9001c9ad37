"""What one cell may say: a judge for every declared column of the roster, from its text alone.

Each judge takes the text of one cell and yields the changes it asks for; nothing yielded means the text stands. Facts
that need two cells of a row (a period that ends before it starts, a point far from its ZIP) are in ``places`` and
``rosters``. An unread date refuses its row where dropping it could make an offering look in force; elsewhere an
unreadable cell becomes empty or ``unknown``, with a warning.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING

from adequacy.intake.batch import Change
from adequacy.intake.findings import package_rows
from adequacy.tables import OLDEST_AGE, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from adequacy.intake.batch import Judge
    from adequacy.tables import Column

__all__ = ["cell_judge", "clean_text", "is_npi", "read_date", "says_unknown"]

#: Dates that decide whether an offering counts: one that cannot be read refuses its row.
DECIDING_DATES = frozenset(
    {
        "service_from", "service_to", "contract_from", "contract_to", "credential_due", "nctracks_from", "nctracks_to",
        "license_expiry",
    }
)  # fmt: skip
#: Names may truly be "NA" or "None"; the words for an empty cell are not looked for in them.
NAMES = frozenset({"provider_name", "site_name", "city", "street", "suite", "provider_id", "site_id", "contract_id"})

#: Columns whose other words are a layout's own codes (``1``, ``2``), not a matter of judgement.
_CODED = frozenset({"provider_kind", "ada"})

_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_BLANKS = re.compile(r"\s+")
_TAIL = re.compile(r"^(\d+)\.0+$")
_SPREADSHEET_ERROR = re.compile(r"^#(REF!|VALUE!|N/A|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!)$", re.IGNORECASE)
_EPOCH = date(1899, 12, 30)
_SERIALS = range(20_000, 80_001)
_PLAUSIBLE_YEARS = range(1900, 2101)
_NPI_DIGITS = 10
_PHONE_DIGITS = 10


def clean_text(text: str) -> str:
    """Take out control characters and the blanks round a text; runs of blanks become one."""
    return _BLANKS.sub(" ", _CONTROL.sub("", text)).strip()


def cell_judge(column: Column, *, today: date, words: Mapping[str, str] | None = None) -> Judge:
    """Return the judge for one declared column of the roster.

    Parameters
    ----------
    column : Column
        Declaration from ``tables``.
    today : date
        Decides the century of a two-digit year.
    words : mapping of str to str, optional
        The mapping file's own words for this column (theirs, folded -> ours); they go before the shipped ones.

    Examples
    --------
    >>> from adequacy.tables import table
    >>> judge = cell_judge(table("roster").column("zip5"), today=date(2026, 11, 23))
    >>> [(change.value, change.rule) for change in judge("277015724")]
    [('27701', 'zip_plus4')]
    """
    known = {**_shipped_words(column.name), **{fold(key): value for key, value in (words or {}).items()}}
    special: dict[str, Judge] = {"npi": _npi, "zip5": _zip, "phone": _phone, "taxonomy": _taxonomy}
    if column.kind == "date":
        judge: Judge = partial(_date, column.name, today)
    elif column.kind == "int":
        judge = partial(_age, column.name)
    elif column.words:
        judge = partial(_word, column, known)
    elif column.name == "populations":
        judge = partial(_listed, column.name, known)
    else:
        judge = special.get(column.name, _nothing)
    return partial(_judged, column.name, judge, {} if column.words else (words or {}))


def fold(text: str) -> str:
    """Fold a word for comparing: case, and the blanks, hyphens and underscores between its parts."""
    return re.sub(r"[\s_-]+", " ", text).strip().casefold() or text.strip()


@cache
def _shipped_words(column: str) -> Mapping[str, str]:
    """Return the shipped synonyms of one column, folded."""
    return {fold(row["theirs"]): row["ours"] for row in package_rows("words.csv") if row["column"] == column}


def _judged(name: str, judge: Judge, own_words: Mapping[str, str], text: str) -> Iterator[Change]:
    """Judge one cell: first what any cell may suffer from, then what its column asks."""
    if not text:
        return
    cleaned = clean_text(text)
    if cleaned != text:
        yield Change(name, cleaned, "control_characters" if _CONTROL.search(text) else "")
    if not cleaned:
        return
    if name not in NAMES:
        if _SPREADSHEET_ERROR.match(cleaned) and cleaned.upper() != "#N/A":
            yield Change(name, "", "spreadsheet_error")
            return
        if fold(cleaned) in _shipped_words("*"):
            yield Change(name, "", "null_word")
            return
    if cleaned in own_words:
        yield Change(name, own_words[cleaned])
        return
    yield from judge(cleaned)


def _nothing(text: str) -> Iterator[Change]:
    """Let any text stand."""
    yield from ()


def _word(column: Column, known: Mapping[str, str], text: str) -> Iterator[Change]:
    """Judge a word of a closed list: ours in any case, a synonym, or unknown."""
    ours = {fold(word): word for word in column.words}
    folded = fold(_TAIL.sub(r"\1", text))
    if folded in ours:
        if ours[folded] != text:
            yield Change(column.name, ours[folded])
    elif folded in known:
        rule = "" if column.name in _CODED else "word_synonym"
        yield Change(column.name, known[folded], rule, known[folded])
    else:
        certain = column.empty not in {"", "unknown"}
        value, rule = ("", "word_refused") if certain else (column.empty, "word_unknown")
        yield Change(column.name, value, rule, ", ".join(column.words))


def says_unknown(judge: Judge, text: str) -> bool:
    """Tell whether a cell says outright that its status is unknown, rather than nothing or nothing that can be read.

    Examples
    --------
    >>> from adequacy.tables import table
    >>> judge = cell_judge(table("roster").column("nctracks_status"), today=date(2026, 11, 23))
    >>> says_unknown(judge, "Unknown"), says_unknown(judge, ""), says_unknown(judge, "perhaps so")
    (True, False, False)
    """
    last = Change("", clean_text(text))
    for change in judge(text):
        last = change
    return last.value == "unknown" and last.rule != "word_unknown"


def _listed(name: str, known: Mapping[str, str], text: str) -> Iterator[Change]:
    """Judge a list of words: separators are made one, synonyms ours, unknown words stay."""
    parts = [part.strip() for part in re.split(r"[;,|]", text) if part.strip()]
    ours = dict.fromkeys(word for part in parts for word in known.get(fold(part), part.lower()).split(";"))
    tidy = ";".join(ours)
    if tidy != text:
        changed = any(fold(part) in known for part in parts)
        yield Change(name, tidy, "word_synonym" if changed else "", tidy)


def is_npi(text: str) -> bool:
    """Tell whether a text is a National Provider Identifier: ten digits, 1 or 2 first, Luhn digit with prefix 80840.

    Source: CMS, "Requirements for National Provider Identifier (NPI) and NPI Check Digit" (ISO 7812 Luhn, issuer
    prefix 80840).

    Examples
    --------
    >>> is_npi("1234567893"), is_npi("1234567890")
    (True, False)
    """
    if len(text) != _NPI_DIGITS or not (text.isascii() and text.isdigit()) or text[0] not in "12":
        return False
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in text[-2::-2])
    prefix_sum = 24  # the Luhn sum of the constant prefix 80840
    return (prefix_sum + doubled + sum(int(digit) for digit in text[-1::-2])) % 10 == 0


def _npi(text: str) -> Iterator[Change]:
    """Judge an NPI: a decimal tail and blanks are taken off, anything else must pass the check digit."""
    tidy = _TAIL.sub(r"\1", text)
    bare = re.sub(r"[ -]", "", tidy)
    if not is_npi(bare):
        why = "the check digit is wrong" if re.fullmatch(r"[12]\d{9}", bare) else "this has another form"
        yield Change("npi", "", "npi_unusable", why)
    elif bare != text:
        yield Change("npi", bare, "number_tail" if tidy != text else "")


def _zip(text: str) -> Iterator[Change]:
    """Judge a ZIP code: decimal tails, ZIP+4 in every spelling, lost zeros."""
    tidy = _TAIL.sub(r"\1", text)
    rule = "number_tail" if tidy != text else ""
    if re.fullmatch(r"[0-9]{5}", tidy):
        if rule:
            yield Change("zip5", tidy, rule)
    elif re.fullmatch(r"[0-9]{5}-?([0-9]{4})?-?", tidy) or re.fullmatch(r"[0-9]{5} [0-9]{4}", tidy):
        yield Change("zip5", tidy[:5], rule or ("zip_plus4" if tidy.isdigit() else ""))
    elif re.fullmatch(r"[0-9]{7,8}", tidy):
        yield Change("zip5", tidy.zfill(9)[:5], "zip_zero_lost")
    elif re.fullmatch(r"[0-9]{3,4}", tidy):
        yield Change("zip5", tidy.zfill(5), "zip_zero_lost")
    else:
        yield Change("zip5", "", "zip_unusable")


def _phone(text: str) -> Iterator[Change]:
    """Judge a telephone number: ten digits in any punctuation, an extension kept."""
    tidy = _TAIL.sub(r"\1", text)
    parts = re.split(r"\s*(?:#|,?\s*e?xt?\.?(?:ension)?)\s*(?=[0-9]+$)", tidy, maxsplit=1, flags=re.IGNORECASE)
    digits = re.sub(r"[^0-9]", "", parts[0])
    if len(digits) == _PHONE_DIGITS + 1 and digits[0] == "1":
        digits = digits[1:]
    if len(digits) != _PHONE_DIGITS or digits[0] in "01" or re.search(r"[A-Za-z]", parts[0]):
        several = len(_PHONE.findall(text)) > 1
        yield Change("phone", text, "phone_several" if several else "phone_unusable")
        return
    new = f"{digits[:3]}-{digits[3:6]}-{digits[6:]}" + (f" x{parts[1]}" if len(parts) > 1 else "")
    if new != text:
        yield Change("phone", new, "phone_tail" if tidy != text else "")


def _taxonomy(text: str) -> Iterator[Change]:
    """Judge one or several taxonomy codes (separated by ``;``)."""
    codes = [part.strip().upper() for part in re.split(r"[;,|]", text) if part.strip()]
    good = [code for code in codes if re.fullmatch(r"[0-9]{3}[0-9A-Z]{6}X", code)]
    if len(good) < len(codes):
        yield Change("taxonomy", ";".join(good), "taxonomy_format")
    elif ";".join(codes) != text:
        yield Change("taxonomy", ";".join(codes))


def _age(name: str, text: str) -> Iterator[Change]:
    """Judge an age in whole years."""
    tidy = _TAIL.sub(r"\1", text)
    match = re.fullmatch(r"([0-9]{1,3}) ?(?:y|yr|yrs|years?)?\.?", tidy, flags=re.IGNORECASE)
    if match is None or int(match[1]) > OLDEST_AGE:
        yield Change(name, "", "age_unusable")
    elif match[1] != text:
        yield Change(name, match[1], "number_tail" if tidy != text else "")


_FORMATS = (
    (re.compile(r"^\d{4}-\d{1,2}-\d{1,2}$"), "%Y-%m-%d"),
    (re.compile(r"^\d{1,2}/\d{1,2}/\d{4}$"), "%m/%d/%Y"),
    (re.compile(r"^\d{1,2}-\d{1,2}-\d{4}$"), "%m-%d-%Y"),
    (re.compile(r"^\d{4}/\d{1,2}/\d{1,2}$"), "%Y/%m/%d"),
    (re.compile(r"^\d{8}$"), "%Y%m%d"),
)
_MONTHS = {name: number for number, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1)}  # fmt: skip
_DAY_MONTH = re.compile(r"^(\d{1,2})[- ]([A-Za-z]{3})[a-z]*\.?[-, ]+(\d{4})$")
_MONTH_DAY = re.compile(r"^([A-Za-z]{3})[a-z]*\.? (\d{1,2}),? (\d{4})$")
_SHORT = re.compile(r"^(\d{1,2})[/-](\d{1,2})[/-](\d{2})$")
_CLOCK = re.compile(r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AP]M)?Z?$", re.IGNORECASE)
_PHONE = re.compile(r"[2-9]\d{2}\)?[-. ]?\d{3}[-. ]?\d{4}")
_ZEROS = re.compile(r"^0+([/-]0+)*$")


def read_date(text: str, today: date) -> tuple[date | None, str]:
    """Read a date in one of the formats staff use, month before day; say which rule it took.

    Formats, in order: ISO, M/D/YYYY, M-D-YYYY, YYYY/M/D, YYYYMMDD, 5 Jan 2026, Jan 5, 2026, M/D/YY (reported), and
    spreadsheet serial numbers from 20000 to 80000. A time of day is dropped. A day-first date with a day above twelve
    is not turned round: its neighbours would be misread in silence.

    Returns
    -------
    (date or None, str)
        The date, and the rule that read it (empty for a plain date). None where it cannot be read.

    Examples
    --------
    >>> read_date("6/30/26", date(2026, 11, 23))
    (datetime.date(2026, 6, 30), 'date_two_digit_year')
    """
    tidy = _CLOCK.sub("", text)
    number = _TAIL.sub(r"\1", tidy)
    if number.isascii() and number.isdigit() and int(number) in _SERIALS:
        return _EPOCH + timedelta(days=int(number)), "date_serial"
    for pattern, form in _FORMATS:
        if pattern.match(number):
            return _parsed(number, form), ""
    if match := _SHORT.match(tidy):
        century = today.year // 100 * 100
        year = century + int(match[3])
        year -= 100 if year > today.year + 50 else 0
        return _made(year, int(match[1]), int(match[2])), "date_two_digit_year"
    if match := _DAY_MONTH.match(tidy):
        return _made(int(match[3]), _MONTHS.get(match[2].lower(), 0), int(match[1])), ""
    if match := _MONTH_DAY.match(tidy):
        return _made(int(match[3]), _MONTHS.get(match[1].lower(), 0), int(match[2])), ""
    return None, ""


def _parsed(text: str, form: str) -> date | None:
    """Parse one format, None where the day does not exist."""
    try:
        return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no time zone
    except ValueError:
        return None


def _made(year: int, month: int, day: int) -> date | None:
    """Make a date, None where the day does not exist."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _date(name: str, today: date, text: str) -> Iterator[Change]:
    """Judge a date; a far-future end is open-ended."""
    if _ZEROS.match(text):
        yield Change(name, "", "date_zero")
        return
    day, rule = read_date(text, today)
    if day is None or day.year < _PLAUSIBLE_YEARS.start:
        yield Change(name, "", "date_unusable" if name in DECIDING_DATES else "date_unread")
    elif day.year not in _PLAUSIBLE_YEARS:
        ends = name.endswith("_to") or name in {"license_expiry", "credential_due"}
        yield Change(name, "", "date_open_ended" if ends else "date_future_end")
    elif day.isoformat() != text:
        yield Change(name, day.isoformat(), rule)


def empties(table_name: str = "roster") -> dict[str, str]:
    """Return what an empty cell means, for the columns where it means something."""
    return {column.name: column.empty for column in table(table_name).columns if column.empty}
