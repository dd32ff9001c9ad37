"""The decision table says what the policy says, in every combination of facts, and no cell of it can change unseen.

The oracle below is the reading of the source documents, written out a second time as plain conditions. It knows nothing
of the table's rows, order or walker.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from adequacy.clocks import UNITS
from adequacy.determination.table import clean_facts, decide_facts, decide_file, overlaps, proven_rows
from adequacy.errors import BadValue, MissingColumn, OutputError, PolicyError
from adequacy.policy import load_policy
from adequacy.policy.decisions import FACT_WORDS, combinations, prove, walk

if TYPE_CHECKING:
    from pathlib import Path

    from adequacy.policy.records import Clock, DecisionRow

POLICY = load_policy()
RULESET = "alliance_oon_2020"
ROWS = POLICY.decision_rows(RULESET)
#: Outcome: letter, clock, whether a person must look. A second time, by hand.
MEANS = {
    "INPATIENT_PATH": ("", "inpatient_sar", False),
    "PEND_INFO": ("L0", "provider_list", True),
    "CLOSED_NO_CONSUMER": ("L1", "provider_list", False),
    "CLOSED_NO_CONSUMER_GAP_FLAGGED": ("L1", "provider_list", True),
    "LEGAL_CHECK": ("", "provider_list", True),
    "CLOSED_PROVIDERS_AVAILABLE": ("L2", "provider_list", False),
    "VERIFY_ACCESS": ("", "provider_list", True),
    "LEGAL_CHECK_LIST": ("L2", "provider_list", True),
    "GAP_NOT_CLIENT_SPECIFIC": ("L5", "provider_list", True),
    "APPROVED_TO_CONTINUE_AMENDMENT": ("L4a", "oon_sar_return", False),
    "APPROVED_TO_CONTINUE": ("L4", "oon_sar_return", False),
    "PEND_NCTRACKS": ("L3", "provider_list", True),
}


def oracle(facts: dict[str, str]) -> tuple[str, str]:
    """Trail and outcome as a reader of the source documents works them out."""
    if facts["level_of_care"] == "inpatient":
        return "R00", "INPATIENT_PATH"
    closed = facts["tp_closed_service"] == "Y"
    if facts["consumer_identified"] == "N":
        if not closed:
            return "R04", "LEGAL_CHECK"
        if facts["contracted_in_30mi"] == "Y":
            return "R02", "CLOSED_NO_CONSUMER"
        return "R03", "CLOSED_NO_CONSUMER_GAP_FLAGGED"
    if facts["contracted_in_30mi"] == "I":
        return "R01", "PEND_INFO"
    before = ""
    if facts["contracted_in_30mi"] == "Y":
        if facts["accessible"] == "U":
            return "R06", "VERIFY_ACCESS"
        if facts["accessible"] == "Y":
            return ("R05", "CLOSED_PROVIDERS_AVAILABLE") if closed else ("R08", "LEGAL_CHECK_LIST")
        before = "R07>"
    rule, outcome = _gap(facts)
    return before + rule, outcome


def _gap(facts: dict[str, str]) -> tuple[str, str]:
    """Nobody can serve within the limit."""
    if facts["client_specific"] == "N":
        return "R09", "GAP_NOT_CLIENT_SPECIFIC"
    if facts["client_specific"] == "U":
        return "R10", "PEND_INFO"
    if facts["nctracks_ok"] != "Y":
        return "R13", "PEND_NCTRACKS"
    return (
        ("R11", "APPROVED_TO_CONTINUE_AMENDMENT")
        if facts["requester_contracted"] == "Y"
        else ("R12", "APPROVED_TO_CONTINUE")
    )


ALL = [(facts, oracle(facts)) for facts in combinations()]


def faults_of(rows: tuple[DecisionRow, ...]) -> bool:
    """Whether two rows overlap, a case is not decided or not as the oracle says, or the proof finds a dead row."""
    if overlaps(rows):
        return True
    for facts, expected in ALL:
        try:
            trail = walk(rows, facts)
        except PolicyError:
            return True
        row = trail.row
        if (trail.text, row.outcome) != expected or (row.letter, row.clock, row.human_review) != MEANS[row.outcome]:
            return True
    return bool(prove(rows))


def test_every_combination_of_facts_is_decided_as_the_documents_say() -> None:
    assert len(list(combinations())) == 2 * 972
    assert not faults_of(ROWS)


def test_the_rows_stand_alone_whatever_their_order() -> None:
    assert overlaps(ROWS) == []
    assert overlaps((ROWS[5], replace(ROWS[8], facts={**ROWS[8].facts, "tp_closed_service": "*"})))


def _mutants() -> list[tuple[str, tuple[DecisionRow, ...]]]:
    """Every table with one cell changed to every other word it may have."""
    found = []
    outcomes, letters, clocks = sorted(POLICY.outcomes), ["", *POLICY.letters], sorted(POLICY.clocks(date(2026, 11, 1)))
    for index, row in enumerate(ROWS):
        changes = [
            (fact, replace(row, facts={**row.facts, fact: cell}))
            for fact, words in FACT_WORDS.items()
            for cell in ("*", *words, *(f"!{word}" for word in words))
            if cell != row.facts[fact] and not _same_set(fact, cell, row.facts[fact])
        ]
        for column, words in (("outcome", outcomes), ("letter", letters), ("clock", clocks)):
            if row.sets is None:
                changes += [(column, replace(row, **{column: word})) for word in words if word != getattr(row, column)]
        if row.sets is None:
            changes.append(("human_review", replace(row, human_review=not row.human_review)))
        else:
            changes += [
                ("set", replace(row, sets=(fact, word)))
                for fact, words in FACT_WORDS.items()
                for word in words
                if (fact, word) != row.sets and fact != "level_of_care"
            ]
        changes.append(("rule", replace(row, rule="R99")))
        found += [(f"{row.rule} {name}", (*ROWS[:index], new, *ROWS[index + 1 :])) for name, new in changes]
        found.append((f"{row.rule} left out", (*ROWS[:index], *ROWS[index + 1 :])))
    return found


def _same_set(fact: str, one: str, other: str) -> bool:
    """Whether two cells allow the same words (``!N`` and ``Y`` of a yes-or-no fact)."""
    words = set(FACT_WORDS[fact])
    sets = [words if cell == "*" else words - {cell[1:]} if cell[0] == "!" else {cell} for cell in (one, other)]
    return sets[0] == sets[1]


def test_a_change_of_any_cell_of_the_decision_table_is_caught() -> None:
    mutants = _mutants()
    survived = [name for name, rows in mutants if not faults_of(rows)]
    assert len(mutants) > 800
    # R07 sets contracted = N because nobody is accessible: setting accessible or the like leads elsewhere and is caught
    assert survived == []


#: The clocks a second time, by hand from the documents: length, unit, start, end, whose, also shown, for whom.
CLOCKS = """
alliance inpatient_sar          2020-10-12  72 elapsed_hours        admitted         sar_received          facility
alliance provider_list          2020-10-12   7 calendar_days        received         answered              Provider Network
alliance oon_sar_return         2020-10-12  14 calendar_days        sar_sent         sar_received          provider
alliance sca_packet_return      2020-10-12  14 calendar_days        packet_sent      packet_returned       provider
alliance um_standard            2020-10-12  14 calendar_days        sar_received     um_approved;um_denied UM
alliance um_standard            2026-01-01   7 calendar_days        sar_received     um_approved;um_denied UM
alliance um_expedited           2020-10-12  72 elapsed_hours        sar_received     um_approved;um_denied UM
alliance enrollee_appeal        2020-10-12  60 calendar_days        -                -                     enrollee
alliance plan_appeal_resolution 2020-10-12  30 calendar_days        -                -                     plan
alliance state_fair_hearing     2020-10-12 120 calendar_days        -                -                     enrollee
wisconsin wi_provider_change    2024-08-01  30 business_days_before change_effective update_form_received  provider (Wisconsin The Alliance)
"""  # noqa: E501 - a table
ALSO_FROM = {("provider_list", "completed")}
APPLIES = {
    ("inpatient_sar", "level_of_care=inpatient"),
    ("provider_list", "level_of_care=non-inpatient"),
    ("um_standard", "urgent=N"),
    ("um_expedited", "urgent=Y"),
}
DATES = (date(2020, 10, 12), date(2024, 8, 1), date(2025, 12, 31), date(2026, 1, 1), date(2026, 11, 1))


def _clocks_seen(clocks: list[Clock]) -> tuple[str, set[tuple[str, str]], set[tuple[str, str]]]:
    """The active clocks in the form of the list above."""
    lines = [
        (c.plan, c.clock, c.from_date, str(c.length), c.unit, c.start_on or "-", ";".join(c.end_on) or "-", c.owner)
        for c in clocks
        if c.is_active
    ]
    also = {(clock.clock, clock.start_also_on) for clock in clocks if clock.start_also_on}
    applies = {(clock.clock, ";".join(clock.applies)) for clock in clocks if clock.applies}
    return " ".join(" ".join(line) for line in sorted(lines)), also, applies


EXPECTED = " ".join(" ".join(line.split()) for line in sorted(CLOCKS.strip().splitlines())), ALSO_FROM, APPLIES


def _all_clocks() -> list[Clock]:
    """The clocks of both organisations on every day on which one begins or ends."""
    found = {
        (clock.clock, clock.from_date): clock
        for plan in ("alliance", "wisconsin")
        for day in DATES
        for clock in load_policy(plan).clocks(day).values()
    }
    return list(found.values())


def test_a_change_of_any_cell_of_the_clock_table_is_caught() -> None:
    clocks = _all_clocks()
    assert _clocks_seen(clocks) == EXPECTED
    survived = []
    for index, clock in enumerate(clocks):
        changes = {
            "length": [clock.length - 1, clock.length + 1, 0],
            "unit": [unit for unit in UNITS if unit != clock.unit],
            "is_active": [False],
            "plan": ["wisconsin" if clock.plan == "alliance" else "alliance"],
            "from_date": ["2021-01-01"],
            "start_on": [f"{clock.start_on}x"],
            "start_also_on": [f"{clock.start_also_on}x"],
            "end_on": [(*clock.end_on, "x"), clock.end_on[1:] or ("x",)],
            "owner": ["nobody"],
            "applies": [(*clock.applies, "age=7")],
            "clock": [f"{clock.clock}x"],
        }
        for column, values in changes.items():
            for value in values:
                mutant = [*clocks[:index], replace(clock, **{column: value}), *clocks[index + 1 :]]
                if _clocks_seen(mutant) == EXPECTED:
                    survived.append((clock.clock, column))
    assert survived == []


def test_ambiguous_starts_are_those_the_documents_leave_open() -> None:
    ambiguous = {clock.clock for clock in _all_clocks() if clock.start_ambiguous}
    assert ambiguous == {"provider_list", "oon_sar_return", "sca_packet_return"}


def test_a_table_with_a_hole_or_a_dead_row_is_refused_before_it_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = load_policy()
    monkeypatch.setattr(policy, "decision_rows", lambda _: ROWS[:-1])
    with pytest.raises(PolicyError, match=r"decisions.csv, ruleset .*decides nothing for"):
        proven_rows(policy, RULESET)
    monkeypatch.setattr(policy, "decision_rows", lambda _: (*ROWS, replace(ROWS[3], rule="R14")))
    with pytest.raises(PolicyError, match="row R14 is dead"):
        proven_rows(policy, RULESET)


def test_facts_in_any_case_are_read_and_a_wrong_or_missing_one_is_named() -> None:
    facts = {fact: words[0].lower() for fact, words in FACT_WORDS.items() if fact != "level_of_care"}
    assert clean_facts(facts)["level_of_care"] == "non-inpatient"
    assert decide_facts(ROWS, facts).text == "R05"
    with pytest.raises(BadValue, match="accessible 'maybe' is not one of"):
        clean_facts({**facts, "accessible": "maybe"})
    with pytest.raises(BadValue, match="nctracks_ok is missing"):
        clean_facts({**facts, "nctracks_ok": ""})
    with pytest.raises(BadValue, match="'U' is not one of Y, N"):
        clean_facts({**facts, "requester_contracted": "U"})


def _write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_file_of_all_combinations_comes_back_decided_in_order(tmp_path: Path) -> None:
    rows = [{"id": str(n), **facts} for n, facts in enumerate(combinations())]
    out = tmp_path / "out.csv"
    assert decide_file(_write(tmp_path / "facts.csv", rows), out, ROWS) == len(rows)
    with out.open(encoding="utf-8", newline="") as file:
        decided = list(csv.DictReader(file))
    assert list(decided[0]) == ["id", *FACT_WORDS, "rule_trail", "outcome", "letter", "clock", "human_review"]
    for row, facts in zip(decided, combinations(), strict=True):
        trail, outcome = oracle(facts)
        letter, clock, review = MEANS[outcome]
        expected = [trail, outcome, letter, clock, "Y" if review else "N"]
        assert [row[name] for name in ("rule_trail", "outcome", "letter", "clock", "human_review")] == expected


def test_a_file_that_cannot_be_used_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    facts = {fact: words[0] for fact, words in FACT_WORDS.items()}
    out = tmp_path / "out.csv"
    with pytest.raises(BadValue, match="cannot be read"):
        decide_file(tmp_path / "absent.csv", out, ROWS)
    with pytest.raises(MissingColumn, match="no column accessible"):
        decide_file(_write(tmp_path / "a.csv", [{k: v for k, v in facts.items() if k != "accessible"}]), out, ROWS)
    with pytest.raises(BadValue, match=r"b\.csv row 3: client_specific .X. is not"):
        decide_file(_write(tmp_path / "b.csv", [facts, {**facts, "client_specific": "X"}]), out, ROWS)
    (tmp_path / "c.csv").write_text(",".join(facts), encoding="utf-8")
    with pytest.raises(BadValue, match="no row of facts"):
        decide_file(tmp_path / "c.csv", out, ROWS)
    assert not out.exists()
    with pytest.raises(OutputError, match="cannot be written"):
        decide_file(_write(tmp_path / "d.csv", [facts]), tmp_path / "no" / "out.csv", ROWS)
