"""Fifty records made once: every later version must decide them the same way, for as long as records are kept."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from adequacy.api import open_network
from adequacy.determination import canonical, verify
from adequacy.determination.asking import decide_again
from adequacy.determination.explain import explain
from adequacy.determination.record import record_hash
from tests.golden.make_records import NETWORK, RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adequacy.api import Network

LINES = gzip.decompress(RECORDS.read_bytes()).decode("utf-8").splitlines()


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with open_network(NETWORK) as opened:
        yield opened


def test_the_corpus_has_fifty_records_in_one_chain_and_every_way_a_request_can_go() -> None:
    records = [json.loads(line) for line in LINES]
    assert len(records) == 50
    rules = {rule for record in records for rule in record["rule_trail"]}
    assert rules == {"R00", "R01", "R02", "R03", "R05", "R06", "R07", "R09", "R10", "R11", "R12", "R13"}
    assert len({record["request"]["service_key"] for record in records}) >= 6
    assert {record["origin"]["given"] for record in records if record["origin"]} == {"zip", "point", "address"}


@pytest.mark.parametrize("line", LINES, ids=[json.loads(line)["record_id"] for line in LINES])
def test_a_frozen_record_is_decided_the_same_way_again(line: str, network: Network) -> None:
    record: dict[str, Any] = json.loads(line)
    assert canonical(record) == line
    assert record_hash(record) == record["hash"]
    verified = verify(record, decide_again(network.file, network.policy))
    assert verified.exit_code == 0, verified.lines()
    assert max(map(len, explain(record).splitlines())) <= 80
