"""The online step, against a local server that answers as the Census geocoder does, well and badly."""

from __future__ import annotations

import csv
import io
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.wrappers import Request, Response

from adequacy.errors import PrivacyError, ServiceUnreachable
from adequacy.geocode.census import CensusClient, Question, read_replies, write_questions
from adequacy.geocode.run import geocode_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_httpserver import HTTPServer

DATA = Path(__file__).parent.parent / "data" / "geocoder"
PATH = "/geocoder/locations/addressbatch"
RECORDED = (DATA / "census_batch_response_locations_recorded_2017.csv").read_text(encoding="utf-8")


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def client(httpserver: HTTPServer, slept: list[float]) -> CensusClient:
    return CensusClient(httpserver.url_for(PATH), tries=3, pause_s=1.0, timeout_s=(2.0, 0.6), sleep=slept.append)


def asked(request: Request) -> list[list[str]]:
    """The rows of a batch, as the server sees them."""
    with request.files["addressFile"].stream as body:
        return list(csv.reader(io.StringIO(body.read().decode("utf-8"))))


def recorded_questions() -> list[Question]:
    with (DATA / "census_batch_request.csv").open(encoding="utf-8", newline="") as lines:
        return [Question(*cells) for cells in csv.reader(lines)]


def matched(rows: list[list[str]]) -> str:
    """Answer every row with a match, in reverse order, as the service shuffles."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for number, street, city, state, zip5 in reversed(rows):
        place = f"{street}, {city}, {state}, {zip5}"
        writer.writerow([number, place, "Match", "Exact", place.upper(), f"-78.8{int(number):03d},35.4", "1", "L"])
    return out.getvalue()


def test_the_recorded_exchange_is_read_and_joined_by_number(httpserver: HTTPServer, client: CensusClient) -> None:
    tie = '"4","624 W DAVIS ST #1D, BURLINGTON, NC, 27215","Tie"\n'
    httpserver.expect_request(PATH, method="POST").respond_with_data(RECORDED + tie)
    replies = client.ask(recorded_questions())
    assert [replies[number].status for number in "1234"] == ["no_match", "no_match", "match", "tie"]
    assert (replies["3"].lon, replies["3"].lat, replies["3"].exact) == (-73.98658, 40.738323, True)
    (request, _), *_ = httpserver.log
    assert request.form["benchmark"] == "Public_AR_Current"
    assert len(asked(request)) == 4


def test_the_batch_is_written_as_the_service_reads_it() -> None:
    sent = write_questions(recorded_questions()).decode()
    assert sent == (DATA / "census_batch_request.csv").read_text(encoding="utf-8")


def test_big_files_go_in_chunks(httpserver: HTTPServer) -> None:
    sizes: list[int] = []

    def answer(request: Request) -> Response:
        rows = asked(request)
        sizes.append(len(rows))
        return Response(matched(rows))

    httpserver.expect_request(PATH).respond_with_handler(answer)
    client = CensusClient(httpserver.url_for(PATH), chunk=40)
    replies = client.ask([Question(str(n), f"{n} Oak St", "Dunn", "NC", "28334") for n in range(100)])
    assert sizes == [40, 40, 20]
    assert all(replies[str(n)].lon == pytest.approx(float(f"-78.8{n:03d}")) for n in range(100))


@pytest.mark.parametrize("trouble", ["500", "503", "429", "garbage", "empty", "page", "slow", "bytes"])
def test_trouble_passes_on_a_later_try(
    httpserver: HTTPServer, client: CensusClient, slept: list[float], trouble: str
) -> None:
    calls: list[int] = []

    def answer(request: Request) -> Response:
        calls.append(1)
        if len(calls) > 2:
            return Response(matched(asked(request)))
        if trouble == "slow":
            time.sleep(0.7 if len(calls) == 1 else 0)
            return Response("")
        if trouble.isdigit():
            return Response("no", status=int(trouble), headers={"Retry-After": "7"})
        bodies = {
            "garbage": b'"1","x","Match","Exact","y","NaN,9e9"\n',
            "page": b"<html>Sorry</html>",
            "bytes": bytes(range(256)),
        }
        return Response(bodies.get(trouble, b""))

    httpserver.expect_request(PATH).respond_with_handler(answer)
    replies = client.ask([Question("1", "1 Oak St", "Dunn", "NC", "28334")])
    assert replies["1"].status == "match"
    assert slept == ([7.0, 7.0] if trouble.isdigit() else [1.0, 2.0])


def test_half_an_answer_is_kept_and_only_the_rest_asked_again(httpserver: HTTPServer, client: CensusClient) -> None:
    seen: list[list[str]] = []

    def answer(request: Request) -> Response:
        rows = asked(request)
        seen.append([row[0] for row in rows])
        half = rows[: max(1, len(rows) // 2)]
        return Response(matched(half) + '"77","not asked","No_Match"\n"' if len(rows) > 1 else matched(rows))

    httpserver.expect_request(PATH).respond_with_handler(answer)
    replies = client.ask([Question(str(n), f"{n} Oak St", "Dunn", "NC", "28334") for n in range(8)])
    assert sorted(replies) == [str(n) for n in range(8)]
    assert [len(batch) for batch in seen] == [8, 4, 2, 1]


def test_giving_up_says_so_without_an_address(
    httpserver: HTTPServer, client: CensusClient, caplog: pytest.LogCaptureFixture
) -> None:
    httpserver.expect_request(PATH).respond_with_data("no", status=500)
    with caplog.at_level(logging.DEBUG), pytest.raises(ServiceUnreachable, match="HTTP 500") as caught:
        client.ask([Question("1", "1 Secretview Pkwy", "Dunn", "NC", "28334")])
    assert caught.value.exit_code == 5
    assert "Secretview" not in caught.value.message + caplog.text
    assert all("Secretview" not in request.url for request, _ in httpserver.log)
    assert caught.value.__cause__ is None


def test_a_refusal_and_a_redirect_are_not_tried_again(httpserver: HTTPServer, client: CensusClient) -> None:
    for code in (400, 302):
        httpserver.clear()
        httpserver.expect_request(PATH).respond_with_data(
            "", status=code, headers={"Location": "http://elsewhere.test/"}
        )
        with pytest.raises(ServiceUnreachable, match=f"HTTP {code}"):
            client.ask([Question("1", "1 Oak St", "Dunn", "NC", "28334")])
        assert len(httpserver.log) == 1


def test_no_server_at_all_is_unreachable(slept: list[float]) -> None:
    client = CensusClient("http://127.0.0.1:9/addressbatch", tries=2, sleep=slept.append)
    with pytest.raises(ServiceUnreachable, match="connection failed"):
        client.ask([Question("1", "1 Oak St", "Dunn", "NC", "28334")])


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(max_examples=150, deadline=None)
def test_any_answer_is_read_without_a_fault(body: bytes) -> None:
    for reply in read_replies(body + b"\n" + RECORDED.encode()).values():
        assert reply.status in {"match", "tie", "no_match"}


# --- a whole file ------------------------------------------------------------------------------------------------


@pytest.fixture
def sites(tmp_path: Path) -> Path:
    rows = [f"{n},{n} Oak St Ste {n},Dunn,NC,28334" for n in range(1, 26)]
    text = "\n".join(["npi,street,city,state,zip", *rows, "26,PO Box 9,Dunn,NC,28334", "27,,,,28334"])
    (tmp_path / "sites.csv").write_text(text, encoding="utf-8")
    return tmp_path / "sites.csv"


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_only_street_addresses_without_suites_are_sent(httpserver: HTTPServer, tmp_path: Path, sites: Path) -> None:
    seen: list[list[str]] = []

    def answer(request: Request) -> Response:
        rows = asked(request)
        seen.extend(rows)
        return Response(matched(rows))

    httpserver.expect_request(PATH).respond_with_handler(answer)
    client = CensusClient(httpserver.url_for(PATH), chunk=10)
    report = geocode_file(sites, tmp_path / "out.csv", online=client, send_addresses=True)
    assert report.sent == len(seen) == 25
    assert all("STE" not in row[1] and row[4] == "28334" for row in seen)
    rows = read(tmp_path / "out.csv")
    assert [row["npi"] for row in rows] == [str(n) for n in range(1, 28)]
    assert {row["match"] for row in rows[:25]} == {"range"}
    assert {row["precision"] for row in rows[:25]} == {"street_range"}
    assert [row["match"] for row in rows[25:]] == ["zip", "zip"]
    assert "Census" in rows[0]["source"]


def test_ties_and_no_matches_stay_at_their_zip_and_say_so(httpserver: HTTPServer, tmp_path: Path, sites: Path) -> None:
    def answer(request: Request) -> Response:
        verdicts = ("Tie", "No_Match")
        return Response("".join(f'"{row[0]}","x","{verdicts[int(row[0]) % 2]}"\n' for row in asked(request)))

    httpserver.expect_request(PATH).respond_with_handler(answer)
    client = CensusClient(httpserver.url_for(PATH))
    geocode_file(sites, tmp_path / "out.csv", online=client, send_addresses=True)
    rows = read(tmp_path / "out.csv")
    assert [(row["match"], row["flags"], row["precision"]) for row in rows[:2]] == [
        ("tie", "census_tie", "zip"),
        ("zip", "", "zip"),
    ]


def test_an_answer_far_from_the_stated_zip_is_flagged(httpserver: HTTPServer, tmp_path: Path, sites: Path) -> None:
    httpserver.expect_request(PATH).respond_with_handler(
        lambda request: Response(matched(asked(request)).replace("-78.8", "-82.8"))
    )
    client = CensusClient(httpserver.url_for(PATH))
    geocode_file(sites, tmp_path / "out.csv", online=client, send_addresses=True)
    first = read(tmp_path / "out.csv")[0]
    assert "far_from_zip" in first["flags"]
    assert float(first["uncertainty_mi"]) > 200


def test_what_was_answered_is_kept_when_the_service_fails_later(
    httpserver: HTTPServer, tmp_path: Path, sites: Path
) -> None:
    batches: list[int] = []
    broken = [True]

    def answer(request: Request) -> Response:
        rows = asked(request)
        if broken[0] and len(batches) >= 2:
            return Response("", status=503)
        batches.append(len(rows))
        return Response(matched(rows))

    httpserver.expect_request(PATH).respond_with_handler(answer)

    def go(sleep: Callable[[float], None]) -> None:
        client = CensusClient(httpserver.url_for(PATH), chunk=10, tries=2, sleep=sleep)
        geocode_file(sites, tmp_path / "out.csv", online=client, send_addresses=True)

    with pytest.raises(ServiceUnreachable, match="run the same command again"):
        go(lambda _: None)
    assert not (tmp_path / "out.csv").exists()
    broken[0] = False
    go(lambda _: None)
    assert batches == [10, 10, 5]  # nothing was asked twice
    assert {row["match"] for row in read(tmp_path / "out.csv")[:25]} == {"range"}


def test_a_consumers_file_reaches_no_server(httpserver: HTTPServer, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("member_id,street,zip\nA,1 Oak St,28334\n", encoding="utf-8")
    with pytest.raises(PrivacyError):
        geocode_file(
            tmp_path / "in.csv",
            tmp_path / "out.csv",
            online=CensusClient(httpserver.url_for(PATH)),
            send_addresses=True,
        )
    assert httpserver.log == []
