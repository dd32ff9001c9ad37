"""Ask the Census Bureau's batch geocoder about providers' addresses.

Nothing here runs unless someone said ``--online census --send-addresses`` and the file is no consumers file (``run``).
The service is slow, loses a third of big batches and returns rows shuffled: so chunks, retries with back-off, and a
join by number. No address enters a URL, a log or an error.
"""

from __future__ import annotations

import csv
import io
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adequacy import reference
from adequacy.errors import ServiceUnreachable
from adequacy.geocode.ladder import Located, Record, from_match
from adequacy.geocode.match import RANGE_MI, Match, doubt
from adequacy.geocode.parse import read_address, read_parts

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

__all__ = ["CensusClient", "Question", "Reply", "located_of", "question_of"]

URL = "https://geocoding.geo.census.gov/geocoder/locations/addressbatch"
BENCHMARK = "Public_AR_Current"

_TIMEOUT_S = (10.0, 300.0)
_MOST_BYTES = 8_000_000
_LONGEST_PAUSE_S = 120.0
_OK, _BUSY, _SERVER = 200, 429, 500
_MATCH_CELLS = 6


@dataclass(frozen=True, slots=True)
class Question:
    """One address to ask about; ``number`` is our own, never an id of the file."""

    number: str
    street: str
    city: str
    state: str
    zip5: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the service said: ``status`` is match, tie or no_match; ``exact`` if it changed nothing."""

    status: str
    exact: bool = False
    matched: str = ""
    lon: float = 0.0
    lat: float = 0.0


class CensusClient:
    """The batch geocoder of the US Census Bureau.

    Parameters
    ----------
    url : str
        The address of the service.
    chunk : int
        Addresses a call; about 1,000 work best.
    tries : int
        Calls without progress before giving up.
    pause_s : float
        Seconds before the second try, doubled before each further one.
    timeout_s : (float, float)
        Seconds to wait for a connection and for an answer.
    sleep : callable
        Waits; given by tests.
    """

    name = f"US Census geocoder ({BENCHMARK})"

    def __init__(
        self,
        url: str = URL,
        *,
        chunk: int = 1_000,
        tries: int = 5,
        pause_s: float = 2.0,
        timeout_s: tuple[float, float] = _TIMEOUT_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url, self.chunk, self._tries = url, chunk, tries
        self._pause_s, self._timeout_s, self._sleep = pause_s, timeout_s, sleep

    def ask(self, questions: list[Question]) -> dict[str, Reply]:
        """Ask about addresses, chunk by chunk.

        Returns
        -------
        dict of str to Reply
            One reply for each question, by its number.

        Raises
        ------
        ServiceUnreachable
            If the service refuses, or does not answer in full after all tries.
        """
        out: dict[str, Reply] = {}
        for start in range(0, len(questions), self.chunk):
            out.update(self._ask_chunk(questions[start : start + self.chunk]))
        return out

    def _ask_chunk(self, questions: list[Question]) -> dict[str, Reply]:
        """Ask about one chunk until every question has its reply; what came back is not asked again."""
        import requests

        missing = {question.number: question for question in questions}
        replies: dict[str, Reply] = {}
        failed, why, wait = 0, "", 0.0
        with requests.Session() as session:
            while missing and failed < self._tries:
                if failed:
                    self._sleep(min(max(self._pause_s * 2 ** (failed - 1), wait), _LONGEST_PAUSE_S))
                body, why, wait = self._post(session, list(missing.values()))
                new = {number: reply for number, reply in read_replies(body).items() if number in missing}
                replies.update(new)
                missing = {number: question for number, question in missing.items() if number not in new}
                failed = 1 if new else failed + 1
                why = why or "its answer was incomplete or no answer at all"
        if missing:
            raise ServiceUnreachable(
                f"The US Census geocoder did not answer in full after {self._tries} tries: {why}. "
                "What was done is kept: run the same command again later to go on."
            )
        return replies

    def _post(self, session: requests.Session, questions: list[Question]) -> tuple[bytes, str, float]:
        """Send one batch; return the body, or why there is none and how long the service asks to wait."""
        import requests

        files = {"addressFile": ("addresses.csv", write_questions(questions), "text/csv")}
        try:
            with session.post(
                self._url,
                files=files,
                data={"benchmark": BENCHMARK},
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,
            ) as answer:
                code = answer.status_code
                if code == _OK:
                    return _body(answer), "", 0.0
                if code != _BUSY and code < _SERVER:
                    raise ServiceUnreachable(
                        f"The US Census geocoder refused the request (HTTP {code}). Try again later."
                    )
                return b"", f"it answered HTTP {code}", _seconds(answer.headers.get("Retry-After", ""))
        except requests.Timeout:
            return b"", "it timed out", 0.0
        except (requests.RequestException, OSError) as error:
            if isinstance(error, ServiceUnreachable):
                raise
            return b"", "the connection failed", 0.0


def _body(answer: requests.Response) -> bytes:
    """Read an answer, but no more than one of its kind can hold."""
    out = bytearray()
    for piece in answer.iter_content(1 << 16):
        out += piece
        if len(out) > _MOST_BYTES:
            return b""
    return bytes(out)


def _seconds(text: str) -> float:
    """Read how long the service asks to wait."""
    return float(text) if text.isascii() and text.isdigit() else 0.0


def write_questions(questions: list[Question]) -> bytes:
    """Write a batch as the service wants it: no header; number, street, city, state, ZIP."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows((each.number, each.street, each.city, each.state, each.zip5) for each in questions)
    return out.getvalue().encode("utf-8")


def read_replies(body: bytes) -> dict[str, Reply]:
    """Read what came back, by number; a line that is none of the service's is left out, and so asked again."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    out: dict[str, Reply] = {}
    for line in text.replace("\0", "").splitlines():
        try:
            cells = next(csv.reader([line], strict=True), [])
        except csv.Error:
            continue
        reply = _read_reply(cells)
        if reply is not None:
            out.setdefault(cells[0].strip(), reply)
    return out


def _read_reply(cells: list[str]) -> Reply | None:
    """Read one line: id, address asked, verdict, and for a match its kind, address and longitude, latitude."""
    verdict = cells[2].strip() if len(cells) > 2 else ""  # noqa: PLR2004 - the third cell
    if verdict in {"No_Match", "Tie"}:
        return Reply("tie" if verdict == "Tie" else "no_match")
    if verdict != "Match" or len(cells) < _MATCH_CELLS:
        return None
    found = re.fullmatch(r"\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*", cells[5])
    if found is None:
        return None
    lon, lat = float(found[1]), float(found[2])
    if abs(lat) > 90 or abs(lon) > 180 or not reference.near_us(lon, lat):  # noqa: PLR2004 - degrees
        return None
    return Reply("match", cells[3].strip() == "Exact", cells[4].strip(), lon, lat)


def question_of(number: str, record: Record) -> Question | None:
    """Make a question of a row: house number and street without its suite; None where it has none."""
    if record.whole:
        reading = read_address(record.line)[0]
    else:
        reading = read_parts(record.line, record.city, record.state, record.zip5[:5])[0]
    if reading.sort != "street" or not (reading.zip5 or (reading.city and reading.state)):
        return None
    return Question(number, reading.text, reading.city, reading.state, reading.zip5)


def located_of(reply: Reply, before: Located, zip5: str) -> Located | None:
    """Turn a reply into a place; None where it says no more than was known before."""
    if reply.status == "no_match":
        return None
    if reply.status == "tie":
        return Located(
            before.lon,
            before.lat,
            "tie",
            before.precision,
            before.uncertainty_mi,
            candidates=before.candidates,
            source=before.source,
            flags=(*before.flags, "census_tie"),
        )
    tail = re.search(r"\b(\d{5})\s*$", reply.matched)
    match = Match(
        match="range" if reply.exact else "close",
        precision="street_range",
        lon=reply.lon,
        lat=reply.lat,
        uncertainty_mi=RANGE_MI,
        score=100.0 if reply.exact else 90.0,
        matched=reply.matched,
        candidates=() if reply.exact else (reply.matched,),
        zip5=tail[1] if tail else zip5,
        source=CensusClient.name,
    )
    return from_match(doubt(match, zip5) if zip5 else match)
