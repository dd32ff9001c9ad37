"""A fixed sample of ``make validate``: findings, low and high against the slow independent oracle."""

from __future__ import annotations

import random

import pytest

import adequacy as aq
from adequacy.reference import zips
from tests.validate.oracle import DENSE_MI, GRID_MI, compare

DICE = random.Random(7)
ZIPS = [*DICE.sample(sorted(zips("NC")), 14), "27546", "27281", "27960", "27710", "28719"]


@pytest.fixture(scope="module")
def net():
    with aq.demo_network() as network:
        yield network


@pytest.mark.parametrize("zip5", ZIPS)
def test_every_service_of_a_zip_agrees_with_the_oracle(net, zip5) -> None:
    faults = {service: compare(net, service, zip5, GRID_MI)[1] for service in net.file.service_keys()}
    assert {service: fault for service, fault in faults.items() if fault} == {}


@pytest.mark.parametrize("number", range(6))
def test_low_and_high_agree_with_a_dense_grid_to_a_hundredth_of_a_mile(net, number) -> None:
    dice = random.Random(number)
    zip5, service = dice.choice(ZIPS), dice.choice(net.file.service_keys())
    assert compare(net, service, zip5, DENSE_MI)[1] == ""
