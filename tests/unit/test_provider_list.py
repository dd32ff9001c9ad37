"""The list of contracted providers: what it names, what it never says, and that roster text stays text."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

import pytest

import adequacy as aq
from adequacy.errors import OutputError, UsageError
from adequacy.outputs.provider_list import COLUMNS, provider_list, write_provider_list
from tests.hostile import ATTACKS

if TYPE_CHECKING:
    from pathlib import Path

KINDS = (".xlsx", ".csv", ".docx")


@pytest.fixture(scope="module")
def answer() -> dict[str, Any]:
    """An answer with all kinds of sites, from the demo network."""
    with aq.demo_network() as net:
        return net.check("saiop", zip5="27546", as_of="2026-11-01").to_dict()


def with_site(answer: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The answer with one site only, changed."""
    plain = {"panel_status": "accepting", "accepting_verified_on": "2026-10-30", "contract_to": "", "service_to": ""}
    return {**answer, "sites": [{**answer["sites"][0], **plain, **changes}]}


def cells(answer: dict[str, Any], **options: Any) -> dict[str, str]:
    """The one row of a list."""
    (row,) = provider_list(answer, **options).rows
    return dict(zip(COLUMNS, row, strict=True))


def read(path: Path) -> str:
    """All text of a list, whatever its format."""
    if path.suffix == ".csv":
        return path.read_text(encoding="utf-8-sig")
    if path.suffix == ".docx":
        from docx import Document

        document = Document(str(path))
        tables = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        footers = [p.text for section in document.sections for p in section.footer.paragraphs]
        return "\n".join([p.text for p in document.paragraphs] + tables + footers)
    from openpyxl import load_workbook

    sheet = load_workbook(path).active
    return "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None)


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_says_rule_roster_demo_and_how_to_reach_each_site(
    answer: dict[str, Any], tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"list{kind}"
    listed = write_provider_list(answer, path)
    text = read(path)
    assert len(listed.rows) + listed.closed == len(answer["sites"])
    for said in ("Demo network", "2026-11-01", "30 straight-line miles", "alliance_oon.radius", "left out"):
        assert said in text
    for row in listed.rows:
        assert row[COLUMNS.index("Phone")] in text


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_about_the_consumer_is_on_the_list(answer: dict[str, Any], tmp_path: Path, kind: str) -> None:
    origin = answer["origin"]
    path = tmp_path / f"list{kind}"
    only_far = {**answer, "sites": [site for site in answer["sites"] if site["zip5"] != origin["zip5"]]}
    write_provider_list(only_far, path, reference="REQ-2026-000001")
    text = read(path)
    assert "REQ-2026-000001" in text
    assert origin["zip5"] not in text
    assert "Harnett" not in text
    assert not re.search(r"\b\d{1,2}\.\d", text.replace("ASAM 2.1", "")), "an exact distance or coordinate"


def test_rows_stand_by_band_then_name(answer: dict[str, Any]) -> None:
    rows = provider_list(answer).rows
    bands = ["0-10", "10-20", "20-30", "about 30"]
    keys = [(bands.index(row[COLUMNS.index("Distance (miles)")]), row[0].casefold()) for row in rows]
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("distance_mi", "band"),
    [
        (0.0, "0-10"),
        (10.0, "0-10"),
        (10.0000001, "10-20"),
        (29.99999, "20-30"),
        (30.0, "20-30"),
        (30.0000001, "about 30"),
    ],
)
def test_bands_follow_unrounded_miles(answer: dict[str, Any], distance_mi: float, band: str) -> None:
    assert cells(with_site(answer, distance_mi=distance_mi))["Distance (miles)"] == band


def test_another_limit_ends_the_bands(answer: dict[str, Any]) -> None:
    wide = with_site({**answer, "standard": {**answer["standard"], "limit_mi": 45.0}}, distance_mi=31.0)
    assert cells(wide)["Distance (miles)"] == "30-45"


def test_a_closed_panel_is_counted_below_and_not_listed(answer: dict[str, Any]) -> None:
    listed = provider_list(with_site(answer, panel_status="closed"))
    assert (listed.rows, listed.closed, listed.accessible) == ((), 1, 0)
    assert any("1 site within the limit takes nobody new" in line for line in listed.below)


@pytest.mark.parametrize(
    ("verified", "words", "accessible"),
    [
        ("2026-11-01", "yes", 1),
        ("2026-08-03", "yes", 1),
        ("2026-08-02", "yes, not verified lately: please call", 0),
        ("2026-11-02", "yes, not verified lately: please call", 0),
        ("", "yes, not verified: please call", 0),
    ],
)
def test_accepting_is_a_fact_for_the_policys_days_alone(
    answer: dict[str, Any], verified: str, words: str, accessible: int
) -> None:
    site = with_site(answer, accepting_verified_on=verified)
    assert cells(site)["Accepting new people"] == words
    assert provider_list(site).accessible == accessible


@pytest.mark.parametrize(
    ("result", "words"), [("accepting", "yes"), ("waitlist", "wait-list"), ("no_answer", "not known: please call")]
)
def test_a_recorded_call_outranks_the_roster(answer: dict[str, Any], result: str, words: str) -> None:
    site = with_site(answer, panel_status="unknown", accepting_verified_on="")
    call = {"site_id": site["sites"][0]["site_id"], "at": "2026-10-31T10:00:00+00:00", "result": result}
    assert cells(site, contacts=[call])["Accepting new people"] == words


@pytest.mark.parametrize(
    ("at", "words"), [("2026-11-20", "yes"), ("2026-08-02", "yes, not verified lately: please call")]
)
def test_a_call_after_the_day_asked_about_counts_as_it_does_in_the_decision(
    answer: dict[str, Any], at: str, words: str
) -> None:
    site = with_site(answer, panel_status="unknown", accepting_verified_on="")
    call = {"site_id": site["sites"][0]["site_id"], "at": f"{at}T15:00:00+00:00", "result": "accepting"}
    assert cells(site, contacts=[call])["Accepting new people"] == words
    assert provider_list(site, contacts=[call]).accessible == (words == "yes")


def test_a_site_that_said_full_leaves_the_list(answer: dict[str, Any]) -> None:
    site = with_site(answer)
    call = {"site_id": site["sites"][0]["site_id"], "at": "2026-10-31T10:00:00+00:00", "result": "full"}
    assert provider_list(site, contacts=[call]).closed == 1


def test_an_older_call_does_not_outrank_the_roster(answer: dict[str, Any]) -> None:
    site = with_site(answer)
    call = {"site_id": site["sites"][0]["site_id"], "at": "2026-10-01T10:00:00+00:00", "result": "full"}
    assert provider_list(site, contacts=[call]).closed == 0


@pytest.mark.parametrize(("ends", "flagged"), [("2026-12-31", True), ("2027-01-01", False), ("", False)])
@pytest.mark.parametrize("field", ["contract_to", "service_to"])
def test_an_ending_within_the_notice_is_flagged(answer: dict[str, Any], field: str, ends: str, flagged: bool) -> None:
    assert (f"ends {ends}" in cells(with_site(answer, **{field: ends}))["Please note"]) is flagged


def test_the_requesters_own_sites_are_marked(answer: dict[str, Any]) -> None:
    site = with_site(answer)
    npi, site_id = site["sites"][0]["npi"], site["sites"][0]["site_id"]
    assert "your own site" in cells(site, requester_npi=npi)["Please note"]
    assert "your own site" in cells(site, own_sites=[site_id])["Please note"]
    assert "your own site" not in cells(site, requester_npi="1234567893")["Please note"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ATTACKS)
def test_hostile_roster_text_stays_text(answer: dict[str, Any], tmp_path: Path, kind: str, text: str) -> None:
    path = tmp_path / f"list{kind}"
    write_provider_list(with_site(answer, provider=text, name=text, address=text, phone=text), path)
    told = read(path)
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f‮]", told)
    if kind == ".csv":
        for row in csv.reader(io.StringIO(told)):
            assert not any(cell.lstrip().startswith(("=", "+", "-", "@", "\t")) for cell in row)
    if kind == ".xlsx":
        from openpyxl import load_workbook

        sheet = load_workbook(path).active
        assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
        assert all(cell.value is None for row in sheet.iter_rows() for cell in row if cell.data_type == "n")


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_answer_gives_the_same_bytes(answer: dict[str, Any], tmp_path: Path, kind: str) -> None:
    paths = [tmp_path / f"{name}{kind}" for name in ("a", "b")]
    for path in paths:
        write_provider_list(answer, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_printed_list_repeats_its_head_on_letter_paper(answer: dict[str, Any], tmp_path: Path) -> None:
    from docx import Document
    from docx.oxml.ns import qn
    from openpyxl import load_workbook

    for kind in (".xlsx", ".docx"):
        write_provider_list(answer, tmp_path / f"list{kind}")
    sheet = load_workbook(tmp_path / "list.xlsx").active
    head = next(row for row in sheet.iter_rows() if row[0].value == "Provider")[0].row
    assert sheet.print_title_rows == f"${head}:${head}"
    assert sheet.freeze_panes == f"B{head + 1}"
    assert sheet.auto_filter.ref.startswith(f"A{head}:")
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 1)
    first = Document(str(tmp_path / "list.docx")).tables[0].rows[0]
    assert first._tr.trPr.find(qn("w:tblHeader")) is not None


def test_a_gap_gives_a_list_that_says_there_is_nobody(answer: dict[str, Any], tmp_path: Path) -> None:
    for kind in KINDS:
        listed = write_provider_list({**answer, "sites": []}, tmp_path / f"list{kind}")
        assert listed.rows == ()
        assert "0 sites listed" in read(tmp_path / f"list{kind}")


def test_an_unknown_ending_and_a_missing_folder_are_refused(answer: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"list\.pdf.*\.xlsx, \.csv, \.docx"):
        write_provider_list(answer, tmp_path / "list.pdf")
    with pytest.raises(OutputError, match="cannot be written"):
        write_provider_list(answer, tmp_path / "none" / "list.csv")


def test_the_plans_own_rules_are_never_replaced_by_shipped_ones(answer: dict[str, Any]) -> None:
    own = {**answer, "policy": {**answer["policy"], "overridden": ["settings.yaml: distance_bands_mi"]}}
    with pytest.raises(UsageError, match="plan's own rules"):
        provider_list(own)


@pytest.fixture(scope="module")
def travelling() -> dict[str, Any]:
    """An answer for a service that travels, with sites beyond the limit that serve the county."""
    with aq.demo_network() as net:
        found = net.check("i_cls", zip5="27587", as_of="2026-11-01").to_dict()
    assert found["serves_county_beyond_limit"]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_sites_farther_away_that_serve_the_county_stand_under_their_own_heading(
    travelling: dict[str, Any], tmp_path: Path, kind: str
) -> None:
    written = write_provider_list(travelling, tmp_path / f"l{kind}")
    told = read(tmp_path / f"l{kind}")
    farther = [site for site in travelling["serves_county_beyond_limit"] if site["panel_status"] != "closed"]
    assert len(written.beyond) == len(farther)
    assert "Farther than 30 miles, but serving the area" in told
    for site in farther:
        assert site["phone"] in told
        assert site["address"] in told
    assert {row[COLUMNS.index("Distance (miles)")] for row in written.beyond} == {"over 30"}
    assert not {"27587", "Wake", "37183"} & set(re.findall(r"\w+", " ".join(written.notes + written.below)))


def test_a_full_site_farther_away_is_counted_and_not_listed(travelling: dict[str, Any]) -> None:
    one = {**travelling["serves_county_beyond_limit"][0], "panel_status": "closed"}
    listed = provider_list({**travelling, "serves_county_beyond_limit": [one]})
    assert listed.beyond == ()
    assert listed.beyond_title == ""
    assert "1 site farther away takes nobody new: not listed." in listed.below


def test_a_service_with_sites_has_no_second_heading(answer: dict[str, Any]) -> None:
    assert (provider_list(answer).beyond_title, provider_list(answer).beyond) == ("", ())
