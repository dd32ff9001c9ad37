"""The casebook keeps what it was told: the same tests on a file and on PostgreSQL."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from adequacy.casebook import Casebook, open_casebook
from adequacy.casebook.entries import record_event
from adequacy.casebook.lists import alike, call_sheet, due, listed, stats
from adequacy.casebook.schema import SCHEMA_VERSION, tables
from adequacy.casebook.view import book_view, case_view
from adequacy.errors import CasebookError, OutputError, RecordAltered, ServiceUnreachable, UsageError
from adequacy.policy import load_policy
from tests.contracts.conftest import NOW
from tests.requests import POLICY, draft_of, request, site

if TYPE_CHECKING:
    from pathlib import Path

    from adequacy.policy import Policy

Opener = Callable[[str], Casebook]


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _sent(book: Casebook, request_id: str, name: str, at: str, **given: str) -> None:
    record_event(book, request_id, name, given, at=at, by=given.pop("by", ""), now=NOW)


def test_a_request_goes_its_whole_way_to_an_executed_agreement(where: str, open_book: Opener) -> None:
    book = open_book(where)
    [one] = book.open_requests([request(client_specific="Y", nctracks="Y")], now=NOW)
    assert book.case(one).state == "RECEIVED"
    book.decide(one, draft_of(finding="gap"), now=NOW)
    states = [book.case(one).state]
    book.confirm(one, "A. Lee", at=NOW, now=NOW)
    for name, at, given in (
        ("sar_sent", "2026-11-03", {}),
        ("sar_received", "2026-11-10", {"attachments": "assessment,plan"}),
        ("sar_received", "2026-11-12", {"attachments": "order"}),
        ("um_approved", "2026-11-14", {"authorization": "AUTH-9"}),
        ("packet_sent", "2026-11-15", {}),
        ("packet_returned", "2026-11-20", {}),
        ("executed", "2026-11-21", {}),
        ("ended", "2027-05-21", {}),
    ):
        if name == "packet_sent":  # nobody confirmed what it sends: the letter of the SAR's approval is a new one
            with pytest.raises(UsageError, match="packet_sent needs a named person first"):
                _sent(book, one, name, at, **given)
            book.confirm(one, "A. Lee", at=_at("2026-11-15T00:00:00-05:00"), now=NOW)
        _sent(book, one, name, at, **given)
        states.append(book.case(one).state)
    assert states == [
        "APPROVED_TO_CONTINUE", "OON_SAR_SENT", "OON_SAR_RECEIVED", "UM_REVIEW", "UM_APPROVED", "PACKET_SENT",
        "PACKET_RETURNED", "EXECUTED", "ENDED",
    ]  # fmt: skip
    view = case_view(book, one)
    assert view["letter"] == "L6"
    met = {clock["clock"]: clock["met_at"][:10] for clock in view["clocks"]}
    assert met == {
        "provider_list": "2026-11-03",
        "oon_sar_return": "2026-11-12",
        "um_standard": "2026-11-14",
        "sca_packet_return": "2026-11-20",
    }
    assert book.require_whole() == (12, 1)


def test_what_was_acknowledged_is_there_after_closing_and_opening(where: str, open_book: Opener) -> None:
    ids = open_book(where).open_requests([request(), request(service="MST", age="14")], now=NOW)
    again = open_book(where)
    assert [row["id"] for row in listed(again)] == ids
    assert [row["service_key"] for row in listed(again)] == ["saiop", "mst"]


def test_a_resubmission_is_found_and_linked_but_not_refused(where: str, open_book: Opener) -> None:
    book = open_book(where)
    first, other, again = book.open_requests(
        [request(), request(consumer_ref="REF-2"), request(received="2026-11-02", requester="A. CLINIC")], now=NOW
    )
    third = book.open_requests([request(received="2026-11-05")], now=NOW)[0]
    assert [book.case(each).duplicates_of for each in (first, other, again, third)] == ["", "", first, first]
    assert stats(book)["resubmissions"] == 2


def test_one_bad_request_of_several_opens_none(where: str, open_book: Opener) -> None:
    book = open_book(where)
    bad = {**request(), "received": "not a moment"}
    with pytest.raises(ValueError, match="moment"):
        book.open_requests([request(), bad], now=NOW)
    assert listed(book) == []
    assert book.require_whole() == (0, 0)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("sar_received", "out of order. Allowed now: completed, contacted, corrected, decided, withdrawn"),
        ("executed", "out of order"),
        ("list_sent", "out of order"),
        ("flown", "is not known"),
        ("decided", "its own command: adequacy request decide"),
        ("confirmed", "its own command: adequacy request confirm"),
    ],
)
def test_an_event_out_of_order_is_refused_with_what_is_allowed(
    where: str, open_book: Opener, name: str, says: str
) -> None:
    book = open_book(where)
    [one] = book.open_requests([request()], now=NOW)
    with pytest.raises(UsageError, match=says):
        record_event(book, one, name, {}, now=NOW)
    assert len(book.case(one).events) == 1


def test_nothing_leaves_before_a_named_person_confirmed_it(where: str, open_book: Opener) -> None:
    book = open_book(where)
    [one] = book.open_requests([request()], now=NOW)
    with pytest.raises(UsageError, match="no letter is due"):
        book.confirm(one, "A. Lee", at=NOW, now=NOW)
    book.decide(one, draft_of(), now=NOW)
    with pytest.raises(UsageError, match="named person first"):
        _sent(book, one, "list_sent", "2026-11-03")
    with pytest.raises(UsageError, match="needs a name"):
        book.confirm(one, "  ", at=NOW, now=NOW)
    book.confirm(one, "A. Lee", at=NOW, now=NOW)
    _sent(book, one, "list_sent", "2026-11-03")
    assert book.case(one).answered_at is not None


def test_a_new_decision_needs_a_new_confirmation(where: str, open_book: Opener) -> None:
    book = open_book(where)
    [one] = book.open_requests([request()], now=NOW)
    book.decide(one, draft_of(), now=NOW)
    book.confirm(one, "A. Lee", at=NOW, now=NOW)
    _sent(book, one, "corrected", "2026-11-02T16:00", by="B. Cole", age="15")
    assert book.case(one).is_stale
    with pytest.raises(UsageError, match="Decide it again"):
        book.confirm(one, "A. Lee", at=NOW, now=NOW)
    record = book.decide(one, draft_of(), now=NOW)
    assert (record["record_id"], record["parent_id"]) == (f"{one}.2", f"{one}.1")
    assert record["request"]["age"] == "15"
    assert book.case(one).confirmed_by == ""


def test_nothing_leaves_on_facts_that_changed_after_the_confirmation(where: str, open_book: Opener) -> None:
    book = open_book(where)
    [one] = book.open_requests([request()], now=NOW)
    book.decide(one, draft_of(), now=NOW)
    book.confirm(one, "A. Lee", at=NOW, now=NOW)
    record_event(book, one, "corrected", {"age": "35"}, by="B. Cole", now=NOW)
    for name in ("list_sent", "letter_sent"):
        with pytest.raises(UsageError, match="facts changed after the decision"):
            _sent(book, one, name, "2026-11-03")


def test_a_telephone_number_put_right_after_um_approved_does_not_block_the_packet(
    where: str, open_book: Opener
) -> None:
    book = open_book(where)
    [one] = book.open_requests([request(client_specific="Y", nctracks="Y")], now=NOW)
    book.decide(one, draft_of(finding="gap"), now=NOW)
    book.confirm(one, "A. Lee", at=NOW, now=NOW)
    for name, at in (("sar_sent", "2026-11-03"), ("sar_received", "2026-11-10"), ("um_approved", "2026-11-12")):
        _sent(book, one, name, at)
    record_event(book, one, "corrected", {"channel": "fax"}, at="2026-11-13", by="B. Cole", now=NOW)
    book.confirm(one, "A. Lee", at=_at("2026-11-13T09:00:00-05:00"), now=NOW)
    _sent(book, one, "packet_sent", "2026-11-14")
    assert book.case(one).state == "PACKET_SENT"


def _overridden(book: Casebook, **given: str) -> str:
    """A request that the table closes, overridden by A. Lee."""
    [one] = book.open_requests([request(**given)], now=NOW)
    book.decide(one, draft_of(), now=NOW, by="C. Day")
    book.confirm(
        one, "A. Lee", at=NOW, now=NOW, second="B. Cruz", override="l4", reason="the only site burned down\nyesterday"
    )
    return one


def test_an_override_is_recorded_with_who_when_and_why_and_leaves_the_record_alone(
    where: str, open_book: Opener
) -> None:
    book = open_book(where)
    one = _overridden(book)
    view = case_view(book, one)
    assert (view["state"], view["outcome"], view["letter"]) == (
        "APPROVED_TO_CONTINUE",
        "CLOSED_PROVIDERS_AVAILABLE",
        "L4",
    )
    assert (view["confirmed_by"], view["second_by"]) == ("A. Lee", "B. Cruz")
    assert view["override"] == {
        "outcome": "APPROVED_TO_CONTINUE", "letter": "L4", "reason": "the only site burned down yesterday",
        "second": "B. Cruz", "by": "A. Lee", "at": "2026-11-02T10:00:00-05:00", "um": "",
        "next_step": "Confirm and send L4 with the OON SAR form; record sar_sent.",
    }  # fmt: skip
    assert "OON SAR" in view["next_step"]
    assert [event["name"] for event in view["events"]] == ["received", "decided", "overridden", "confirmed"]
    record = book.record(one)
    assert (record["outcome"], record["letter"], record["overrides"]) == ("CLOSED_PROVIDERS_AVAILABLE", "L2", [])
    assert book.require_whole() == (4, 1)
    _sent(book, one, "sar_sent", "2026-11-03")
    answer = next(clock for clock in book.case(one).clocks if clock.is_answer)
    assert answer.met_at is not None
    with pytest.raises(UsageError, match="out of order"):
        _sent(book, one, "list_sent", "2026-11-04")


def test_a_new_decision_ends_an_override(where: str, open_book: Opener) -> None:
    book = open_book(where)
    one = _overridden(book)
    book.decide(one, draft_of(), now=NOW)
    case = book.case(one)
    assert (case.override, case.letter, case.confirmed_by, case.second_by) == (None, "L2", "", "")
    assert stats(book)["overrides"]["overridden"] == 0


def test_an_override_without_a_letter_holds_the_request_and_confirms_nothing(where: str, open_book: Opener) -> None:
    book = open_book(where)
    [one] = book.open_requests([request()], now=NOW)
    book.decide(one, draft_of(), now=NOW)
    case = book.confirm(one, "A. Lee", at=NOW, now=NOW, override="VERIFY_ACCESS", reason="the roster is doubted")
    assert (case.state, case.letter, case.confirmed_by) == ("GEO_REVIEW", "", "")
    assert "request call-sheet" in case_view(book, one)["next_step"]


def test_a_refusal_put_in_the_place_of_a_members_own_request_goes_to_um(where: str, open_book: Opener) -> None:
    book = open_book(where)
    [one] = book.open_requests([request(requested_by="member", client_specific="Y", nctracks="Y")], now=NOW)
    book.decide(one, draft_of(finding="gap"), now=NOW)
    book.confirm(one, "A. Lee", at=NOW, now=NOW, override="L5", reason="known elsewhere")
    assert "UM decides on the notice" in case_view(book, one)["override"]["um"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"override": "L4"}, "go together"),
        ({"reason": "because"}, "go together"),
        ({"override": "L4", "reason": "  "}, "go together"),
        ({"override": "L1", "reason": "x"}, "CLOSED_NO_CONSUMER and CLOSED_NO_CONSUMER_GAP_FLAGGED. Name the outcome"),
        ({"override": "L2", "reason": "x"}, "nothing to override"),
        ({"override": "LEGAL_CHECK_LIST", "reason": "x"}, "no outcome and no letter"),
        ({"override": "CLOSED_PROVIDERS_AVAILABLE", "reason": "x"}, "nothing to override"),
        ({"override": "INPATIENT_PATH", "reason": "x"}, "no outcome and no letter"),
        ({"override": "L8", "reason": "x"}, "no outcome and no letter of a decision. Known: .*L4a"),
        ({"second": " a.  lee "}, "same person"),
    ],
)
def test_an_override_that_is_none_is_refused_and_writes_nothing(
    tmp_path: Path, open_book: Opener, given: dict[str, str], says: str
) -> None:
    book = open_book(str(tmp_path / "book.sqlite"))
    [one] = book.open_requests([request()], now=NOW)
    with pytest.raises(UsageError, match=r"not decided|nothing to confirm|same person|go together"):
        book.confirm(one, "A. Lee", at=NOW, now=NOW, **given)
    book.decide(one, draft_of(), now=NOW)
    with pytest.raises(UsageError, match=says):
        book.confirm(one, "A. Lee", at=NOW, now=NOW, **given)
    assert book.require_whole() == (2, 1)


def test_an_answered_or_an_inpatient_request_is_not_overridden(where: str, open_book: Opener) -> None:
    book = open_book(where)
    [one, hospital] = book.open_requests(
        [request(), request(service="ip_adult", level="inpatient", admitted="2026-10-28T10:00")], now=NOW
    )
    for each in (one, hospital):
        book.decide(each, draft_of(), now=NOW)
    with pytest.raises(UsageError, match="INPATIENT_PATH by its level of care"):
        book.confirm(hospital, "A. Lee", at=NOW, now=NOW, override="L4", reason="x")
    book.confirm(one, "A. Lee", at=NOW, now=NOW)
    _sent(book, one, "list_sent", "2026-11-03")
    with pytest.raises(UsageError, match="is answered"):
        book.confirm(one, "A. Lee", at=NOW, now=NOW, override="L4", reason="x")


def _switched_on(name: str, folder: Path) -> Policy:
    """The shipped policy with one of its switches on."""
    (folder / "settings.yaml").write_text(
        f"{name}:\n  description: On, for the tests.\n  unit: switch\n  confidence: stated\n  values:\n"
        "    2020-10-12: true\n  reference:\n    - title: A memo, invented\n      document: memo\n"
        "      checked: 2026-10-01\n",
        encoding="utf-8",
    )
    return load_policy("alliance", folder)


def test_a_plan_may_ask_for_a_second_person_when_the_table_is_overridden(where: str, tmp_path: Path) -> None:
    with open_casebook(where, _switched_on("second_person_for_override", tmp_path)) as book:
        [one] = book.open_requests([request(client_specific="Y", nctracks="Y")], now=NOW)
        book.decide(one, draft_of(), now=NOW)
        said = {"override": "L4", "reason": "The only site is across the water."}
        with pytest.raises(UsageError, match="a second person when the table is overridden"):
            book.confirm(one, "A. Lee", at=NOW, now=NOW, **said)
        assert book.confirm(one, "A. Lee", at=NOW, now=NOW, second="B. Cruz", **said).letter == "L4"


def test_a_plan_may_ask_for_two_people_where_the_table_stops_for_one(where: str, tmp_path: Path) -> None:
    with open_casebook(where, _switched_on("second_person_for_review", tmp_path)) as book:
        stops, goes = book.open_requests([request(client_specific="N"), request(consumer_ref="REF-2")], now=NOW)
        book.decide(stops, draft_of(finding="gap"), now=NOW, by="A. Lee")
        book.decide(goes, draft_of(), now=NOW, by="A. Lee")
        with pytest.raises(UsageError, match="the plan asks for two"):
            book.confirm(stops, "a. lee ", at=NOW, now=NOW)
        assert book.confirm(stops, "B. Cruz", at=NOW, now=NOW).confirmed_by == "B. Cruz"
        assert book.confirm(goes, "A. Lee", at=NOW, now=NOW).confirmed_by == "A. Lee"


def test_a_request_bears_the_year_of_its_receipt_at_the_plan(where: str, open_book: Opener) -> None:
    book = open_book(where)
    ids = book.open_requests(
        [request(received="2026-12-31T23:30"), request(received="2027-01-01T00:30", consumer_ref="R2")], now=NOW
    )
    assert ids == ["REQ-2026-000001", "REQ-2027-000002"]


def test_overrides_are_counted_by_provider_service_and_county(where: str, open_book: Opener) -> None:
    book = open_book(where)
    one = _overridden(book)
    others = book.open_requests(
        [request(consumer_ref="REF-2"), request(consumer_ref="REF-3", requester="B Clinic"), request(requester="C")],
        now=NOW,
    )
    for each in others[:2]:
        book.decide(each, draft_of(), now=NOW)
    counted = stats(book)["overrides"]
    assert (counted["decided"], counted["overridden"]) == (3, 1)
    assert counted["changes"] == [{"from": "CLOSED_PROVIDERS_AVAILABLE", "to": "APPROVED_TO_CONTINUE", "requests": 1}]
    assert counted["by_requester"] == [{"requester": "A Clinic", "decided": 2, "overridden": 1, "rate_pct": 50.0}]
    assert [(each["service_key"], each["decided"]) for each in counted["by_service"]] == [("saiop", 3)]
    assert [(each["county_fips"], each["decided"]) for each in counted["by_county"]] == [("37085", 3)]
    told = alike(book, one)
    assert (told["same_facts"], told["same_outcome"]) == (3, 3)
    assert told["overrides"]["of this requester"] == {"decided": 2, "overridden": 1, "rate_pct": 50.0}
    assert book_view(book, one)["alike"] == told


def test_completing_a_request_replaces_the_place_and_needs_a_name(where: str, open_book: Opener) -> None:
    book = open_book(where)
    [one] = book.open_requests([request()], now=NOW)
    book.decide(one, draft_of(finding="too_close_to_call"), now=NOW)
    assert book.case(one).state == "PEND_INFO"
    with pytest.raises(UsageError, match="need a name"):
        _sent(book, one, "completed", "2026-11-03", point="35.4,-78.85")
    _sent(book, one, "completed", "2026-11-03", by="A. Lee", point="35.4,-78.85")
    case = book.case(one)
    assert case.state == "COMPLETE"
    assert ("zip" in case.request, case.request["point"]) == (False, "35.4,-78.85")
    also = case.clocks[0].to_dict()["also"]
    assert [(other["start_event"], other["due"][:10]) for other in also] == [("completed", "2026-11-10")]


def test_the_seven_days_keep_running_while_information_is_asked_for(where: str, open_book: Opener) -> None:
    book = open_book(where)
    [one] = book.open_requests([request()], now=NOW)
    book.decide(one, draft_of(finding="too_close_to_call"), now=NOW)
    book.confirm(one, "A. Lee", at=NOW, now=NOW)
    _sent(book, one, "letter_sent", "2026-11-03")
    [clock] = book.case(one).clocks
    assert (clock.clock, clock.is_running) == ("provider_list", True)


def test_a_call_counts_for_every_request_of_the_service(where: str, open_book: Opener) -> None:
    book = open_book(where)
    waiting = {"sites": [site(panel_status="unknown", accepting_verified_on="")]}
    one, other, elsewhere = book.open_requests(
        [request(), request(consumer_ref="REF-2"), request(consumer_ref="REF-3", service="PSR")], now=NOW
    )
    for each in (one, other, elsewhere):
        assert book.decide(each, draft_of(**waiting), now=NOW)["outcome"] == "VERIFY_ACCESS"
    sheet = call_sheet(book, NOW)
    assert [(call.site_id, call.service_key, call.requests) for call in sheet] == [
        ("S1", "psr", (elsewhere,)),
        ("S1", "saiop", (one, other)),
    ]
    _sent(
        book, one, "contacted", "2026-11-02T10:00", by="A. Lee", site="S1", result="accepting", first_appt="2026-11-09"
    )
    assert [call.service_key for call in call_sheet(book, NOW)] == ["psr"]
    assert book.decide(other, draft_of(**waiting), now=NOW)["outcome"] == "CLOSED_PROVIDERS_AVAILABLE"
    assert book.decide(elsewhere, draft_of(**waiting), now=NOW)["outcome"] == "VERIFY_ACCESS"


def test_a_call_of_the_evening_is_one_of_that_day_and_good_to_the_last_day_of_the_policy(
    where: str, open_book: Opener
) -> None:
    book = open_book(where)
    waiting = {"sites": [site(panel_status="unknown", accepting_verified_on="")]}
    [one] = book.open_requests([request(received="2026-08-02T10:00")], now=NOW)
    book.decide(one, draft_of(**waiting), now=NOW)
    said = {"by": "A. Lee", "site": "S1", "result": "accepting"}
    last_day = date(2026, 11, 1) - timedelta(days=int(POLICY.value("contact_valid_days", date(2026, 11, 1))))
    _sent(book, one, "contacted", f"{last_day - timedelta(days=1)}T23:30", **said)
    assert book.decide(one, draft_of(**waiting), now=NOW)["outcome"] == "VERIFY_ACCESS"
    [call] = call_sheet(book, NOW)
    assert call.why == f"the last call is of {last_day - timedelta(days=1)}"
    _sent(book, one, "contacted", f"{last_day}T23:30", **said)
    assert book.decide(one, draft_of(**waiting), now=NOW)["outcome"] == "CLOSED_PROVIDERS_AVAILABLE"


def test_a_call_before_a_decision_needs_to_know_the_sites(where: str, open_book: Opener) -> None:
    book = open_book(where)
    [one] = book.open_requests([request()], now=NOW)
    with pytest.raises(UsageError, match="name the roster with --network, or decide it first"):
        _sent(book, one, "contacted", "2026-11-02T10:00", by="A. Lee", site="S1", result="full")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"site": "S1", "result": "full"}, "needs --by"),
        ({"by": "A. Lee", "result": "full"}, "needs --site"),
        ({"by": "A. Lee", "site": "S1", "result": "maybe"}, "is not one of accepting"),
        ({"by": "A. Lee", "site": "S9", "result": "full"}, "was not considered"),
        ({"by": "A. Lee", "site": "S1", "result": "full", "first_appt": "soon"}, "not written as a day"),
        ({"by": "A. Lee", "site": "S1", "result": "full", "age": "9"}, "facts change with the events"),
        ({"by": "A. Lee", "site": "S1", "result": "full", "authorization": "A1"}, "belongs to the event um_approved"),
    ],
)
def test_a_call_that_says_too_little_is_refused(
    where: str, open_book: Opener, given: dict[str, str], says: str
) -> None:
    book = open_book(where)
    [one] = book.open_requests([request()], now=NOW)
    book.decide(one, draft_of(), now=NOW)
    with pytest.raises(UsageError, match=says):
        _sent(book, one, "contacted", "2026-11-02T10:00", **given)


def test_what_is_due_comes_overdue_first_and_met_clocks_do_not_come(where: str, open_book: Opener) -> None:
    book = open_book(where)
    late, soon, answered = book.open_requests(
        [
            request(received="2026-10-20"),
            request(received="2026-10-30", consumer_ref="REF-2"),
            request(received="2026-10-30", consumer_ref="REF-3"),
        ],
        now=NOW,
    )
    book.decide(answered, draft_of(), now=NOW)
    book.confirm(answered, "A. Lee", at=NOW, now=NOW)
    _sent(book, answered, "list_sent", "2026-11-02T16:00")
    rows = due(book, _at("2026-11-02T12:00-05:00"))
    assert [(row.request_id, row.due, row.is_overdue, row.days_left) for row in rows] == [
        (late, "2026-10-27 23:59", True, -6),
        (soon, "2026-11-06 23:59", False, 4),
    ]


def test_a_lapse_waits_until_the_time_has_passed(where: str, open_book: Opener) -> None:
    book = open_book(where)
    [one] = book.open_requests([request(client_specific="Y", nctracks="Y")], now=NOW)
    book.decide(one, draft_of(finding="gap"), now=NOW)
    book.confirm(one, "A. Lee", at=NOW, now=NOW)
    _sent(book, one, "sar_sent", "2026-11-03", delivered="2026-11-05")
    [other] = book.case(one).clocks[1].to_dict()["also"]
    assert (book.case(one).clocks[1].to_dict()["due"][:10], other["due"][:10]) == ("2026-11-17", "2026-11-19")
    with pytest.raises(UsageError, match="has time until 2026-11-17 23:59"):
        _sent(book, one, "lapsed", "2026-11-17T23:58")
    _sent(book, one, "lapsed", "2026-11-18T00:01")
    case = book.case(one)
    assert (case.state, case.letter, case.clocks[1].stopped_by) == ("LAPSED", "L13", "lapsed")
    _sent(book, one, "reopened", "2026-11-19")
    assert book.case(one).state == "OON_SAR_SENT"


def test_a_denied_sar_hands_over_and_an_inpatient_one_calls_the_facility(where: str, open_book: Opener) -> None:
    book = open_book(where)
    denied, inpatient = book.open_requests(
        [
            request(client_specific="Y", nctracks="Y"),
            request(service="ip_adult", level="inpatient", admitted="2026-10-31T21:30", consumer_ref="REF-2"),
        ],
        now=NOW,
    )
    book.decide(denied, draft_of(finding="gap"), now=NOW)
    book.confirm(denied, "A. Lee", at=NOW, now=NOW)
    for name in ("sar_sent", "sar_received", "um_denied"):
        _sent(book, denied, name, "2026-11-03")
    assert (book.case(denied).state, book.case(denied).letter) == ("UM_DENIED", "L8")
    book.decide(inpatient, draft_of(), now=NOW)
    [clock] = book.case(inpatient).clocks
    assert (clock.clock, clock.to_dict()["due"]) == ("inpatient_sar", "2026-11-03T20:30:00-05:00")
    _sent(book, inpatient, "sar_received", "2026-11-03T20:30")
    assert book.case(inpatient).state == "UM_REVIEW"
    assert book.case(inpatient).clocks[0].on_time is True
    _sent(book, inpatient, "um_approved", "2026-11-04")
    assert book.case(inpatient).letter == "L12"


def test_an_urgent_sar_has_the_short_clock(where: str, open_book: Opener) -> None:
    book = open_book(where)
    [one] = book.open_requests([request(client_specific="Y", nctracks="Y", urgent="Y")], now=NOW)
    book.decide(one, draft_of(finding="gap"), now=NOW)
    book.confirm(one, "A. Lee", at=NOW, now=NOW)
    for name in ("sar_sent", "sar_received"):
        _sent(book, one, name, "2026-11-03T10:00")
    um = [clock for clock in book.case(one).clocks if clock.owner == "UM"]
    assert [(clock.clock, clock.to_dict()["due"]) for clock in um] == [("um_expedited", "2026-11-06T10:00:00-05:00")]


def test_an_event_before_the_receipt_is_refused(where: str, open_book: Opener) -> None:
    book = open_book(where)
    [one] = book.open_requests([request()], now=NOW)
    with pytest.raises(UsageError, match="before the request was received"):
        _sent(book, one, "withdrawn", "2026-10-28")


def test_a_clock_set_back_changes_neither_order_nor_chain_and_is_noted(where: str, open_book: Opener) -> None:
    book = open_book(where)
    [one] = book.open_requests([request()], now=NOW)
    yesterday = NOW - timedelta(days=40)
    book.decide(one, draft_of(), now=yesterday)
    book.confirm(one, "A. Lee", at=yesterday, now=yesterday)
    events = book.case(one).events
    assert [event.name for event in events] == ["received", "decided", "confirmed"]
    assert [event.data.get("clock_was_set_back", False) for event in events] == [False, True, False]
    assert all(event.at >= events[0].at for event in events)
    assert events[1].recorded_at == yesterday
    assert book.require_whole() == (3, 1)


def test_derived_rows_are_what_the_events_say(where: str, open_book: Opener) -> None:
    book = open_book(where)
    ids = book.open_requests([request(consumer_ref=f"REF-{n}") for n in range(5)], now=NOW)
    for each in ids[1:]:
        book.decide(each, draft_of(sites=[site(panel_status="unknown")]), now=NOW)
    _sent(book, ids[1], "contacted", "2026-11-02T10:00", by="A. Lee", site="S1", result="full")
    _sent(book, ids[2], "withdrawn", "2026-11-03")
    names = ("requests", "clocks", "contacts")
    before = [book.rows(getattr(tables(), name).select().order_by(text("1, 2"))) for name in names]
    assert book.rebuild() == 5
    assert [book.rows(getattr(tables(), name).select().order_by(text("1, 2"))) for name in names] == before


def test_the_database_itself_refuses_to_change_an_event(where: str, open_book: Opener) -> None:
    book = open_book(where)
    [one] = book.open_requests([request()], now=NOW)
    book.decide(one, draft_of(), now=NOW)
    for statement in ("UPDATE events SET name = 'ended'", "DELETE FROM events", "DELETE FROM records"):
        with pytest.raises(Exception, match="never edited"), book._engine.begin() as connection:
            connection.execute(text(statement))
    assert book.require_whole() == (2, 1)


def test_an_event_changed_behind_the_books_back_is_found(where: str, open_book: Opener) -> None:
    book = open_book(where)
    [one] = book.open_requests([request()], now=NOW)
    book.decide(one, draft_of(), now=NOW)
    drop = "DROP TRIGGER events_no_UPDATE" if "://" not in where else "DROP TRIGGER events_append_only ON events"
    with book._engine.begin() as connection:
        connection.execute(text(drop))
        connection.execute(text("UPDATE events SET data = replace(data, 'REF-1', 'REF-2') WHERE seq = 1"))
    with pytest.raises(RecordAltered, match="altered at event 1"):
        book.require_whole()


def test_a_book_of_version_one_is_brought_up_with_its_events(where: str, open_book: Opener) -> None:
    book = open_book(where)
    ids = book.open_requests([request(), request(consumer_ref="REF-2")], now=NOW)
    with book._engine.begin() as connection:
        for name in ("requests", "clocks", "contacts"):
            connection.execute(text(f"DROP TABLE {name}"))
        connection.execute(text("DELETE FROM meta WHERE key = 'derived_with'"))
        connection.execute(text("UPDATE meta SET value = '1' WHERE key = 'schema_version'"))
    again = open_book(where)
    assert [row["id"] for row in listed(again)] == ids
    assert len(due(again, NOW)) == 2


def test_a_book_of_version_two_gains_the_column_of_overrides(where: str, open_book: Opener) -> None:
    book = open_book(where)
    ids = book.open_requests([request()], now=NOW)
    with book._engine.begin() as connection:
        connection.execute(text("ALTER TABLE requests DROP COLUMN override"))
        connection.execute(text("UPDATE meta SET value = '2' WHERE key = 'schema_version'"))
    again = open_book(where)
    assert [(row["id"], row["override"]) for row in listed(again)] == [(ids[0], "")]


def test_a_book_from_a_newer_version_is_refused_and_untouched(where: str, open_book: Opener) -> None:
    book = open_book(where)
    book.open_requests([request()], now=NOW)
    with book._engine.begin() as connection:
        connection.execute(text(f"UPDATE meta SET value = '{SCHEMA_VERSION + 1}' WHERE key = 'schema_version'"))
    with pytest.raises(CasebookError, match="made by a newer version"):
        open_casebook(where, POLICY)


@pytest.mark.skipif(sys.platform == "win32", reason="no modes on Windows")
def test_the_file_and_its_companions_are_for_their_owner_alone(tmp_path: Path, open_book: Opener) -> None:
    old = os.umask(0)
    try:
        open_book(str(tmp_path / "new" / "book.sqlite")).open_requests([request()], now=NOW)
    finally:
        os.umask(old)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
    assert set(modes.values()) == {0o600}, modes
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"this is no database at all, but long enough to be looked at" * 40, "is damaged or no casebook"),
        (b"SQLite format 3\x00" + bytes(2000), "is damaged or no casebook|cannot be read"),
    ],
)
def test_a_file_that_is_no_casebook_is_refused_and_untouched(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "notes.sqlite"
    path.write_bytes(content)
    with pytest.raises(CasebookError, match=says):
        open_casebook(path, POLICY)
    assert path.read_bytes() == content


def test_somebody_elses_database_is_refused(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "other.sqlite") as connection:
        connection.execute("CREATE TABLE invoices (n)")
    connection.close()
    with pytest.raises(CasebookError, match="is no casebook"):
        open_casebook(tmp_path / "other.sqlite", POLICY)
    with pytest.raises(CasebookError, match="is a folder"):
        open_casebook(tmp_path, POLICY)


def test_a_book_that_lies_where_nobody_may_write_is_read_and_never_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "book.sqlite"
    with open_casebook(file, POLICY) as book:
        [one] = book.open_requests([request()], now=NOW)
        book.decide(one, draft_of(), now=NOW)
    (tmp_path / "rules").mkdir()
    other_rules = _switched_on("second_person_for_review", tmp_path / "rules")
    monkeypatch.setattr(os, "access", lambda *_: False)
    before = file.read_bytes()
    with open_casebook(file, POLICY) as archived:
        assert archived.case(one).state == "CLOSED_PROVIDERS_AVAILABLE"
        assert archived.require_whole() == (2, 1)
        assert len(due(archived, NOW)) == 1
        with pytest.raises(OutputError, match="is read-only; nothing was written"):
            archived.confirm(one, "A. Lee", at=NOW, now=NOW)
    with pytest.raises(OutputError, match="copy it to where you may write"):
        open_casebook(file, other_rules)
    assert file.read_bytes() == before
    assert [each.name for each in tmp_path.glob("book.sqlite*")] == ["book.sqlite"]


def test_a_place_that_cannot_be_written_and_a_server_that_is_away_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be made"):
        open_casebook(tmp_path / "file" / "book.sqlite", POLICY)
    with pytest.raises(ServiceUnreachable, match="does not answer") as away:
        open_casebook("postgresql://secret:hunter2@127.0.0.1:1/book", POLICY)
    assert "hunter2" not in str(away.value)
    with pytest.raises(UsageError, match="cannot live in"):
        open_casebook("mysql://host/book", POLICY)
    with pytest.raises(UsageError, match="cannot be read"):
        open_casebook("postgres ql://", POLICY)


def test_no_message_of_the_book_names_a_consumer(where: str, open_book: Opener) -> None:
    book = open_book(where)
    [one] = book.open_requests([request(consumer_ref="ZEBRA-77", zip="27601")], now=NOW)
    with pytest.raises(UsageError) as refused:
        _sent(book, one, "executed", "2026-11-03")
    assert "ZEBRA" not in str(refused.value)
    with pytest.raises(Exception) as failed, book._engine.begin() as connection:  # noqa: PT011 - of either driver
        connection.execute(
            tables()
            .events.insert()
            .values(
                seq=1,
                request_id=one,
                n=1,
                name="x",
                at="",
                recorded_at="",
                by="",
                data="ZEBRA-77",
                prev_hash="",
                hash="",
            )
        )
    assert "ZEBRA" not in str(failed.value)


def test_stats_count_days_on_time_and_gaps(where: str, open_book: Opener) -> None:
    book = open_book(where)
    quick, slow, gap = book.open_requests(
        [
            request(received="2026-10-20", consumer_ref="REF-1"),
            request(received="2026-10-20", consumer_ref="REF-2"),
            request(received="2026-10-20", consumer_ref="REF-3"),
        ],
        now=NOW,
    )
    for each, sent in ((quick, "2026-11-02"), (slow, "2026-11-02")):
        book.decide(each, draft_of(), now=NOW)
        book.confirm(each, "A. Lee", at=NOW, now=NOW)
        _sent(book, each, "list_sent", sent + "T23:00")
    book.decide(gap, draft_of(finding="gap"), now=NOW)
    counts = stats(book)
    assert counts["requests"] == 3
    assert counts["days_to_answer"] == {"median": 13, "max": 13}
    assert (counts["on_time"], counts["on_time_pct"]) == (0, 0.0)
    assert counts["gaps"] == [
        {"service_key": "saiop", "county_fips": "37085", "county": "Harnett County, NC", "requests": 1}
    ]
    assert stats(book, since=datetime(2026, 11, 1, tzinfo=UTC).date())["requests"] == 0
