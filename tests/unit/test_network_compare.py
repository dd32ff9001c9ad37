"""What a new roster changes, and what a termination would do."""

from __future__ import annotations

import json

import pytest

import adequacy as aq
from adequacy.access.flips import flips
from adequacy.errors import UsageError
from adequacy.network import compare_networks, network_without, open_network
from adequacy.policy import load_policy
from adequacy.reference.demo import demo_path


@pytest.fixture(scope="module")
def demo():
    with open_network(demo_path()) as network:
        yield network


@pytest.fixture(scope="module")
def leaver(demo):
    """The provider whose multisystemic therapy counts at the most sites."""
    npis = [each.npi for each in demo.offerings("fbc_adult")]
    return max(sorted(set(npis)), key=npis.count)


@pytest.fixture(scope="module")
def without(demo, leaver, tmp_path_factory):
    out = tmp_path_factory.mktemp("without") / "without.gpkg"
    report = network_without(demo, out, npis=[leaver])
    assert report.read == report.used + len(demo.offerings_of_npi(leaver))
    with open_network(out) as network:
        yield network


def test_a_network_equals_itself(demo) -> None:
    difference = compare_networks(demo, demo)
    for name in ("providers", "sites", "offerings", "contracts"):
        assert difference[name] == {"added": [], "changed": [], "ended": []}
    assert flips(demo, demo, load_policy()) == []


def test_who_was_left_out_is_gone_and_said(demo, without, leaver) -> None:
    assert without.offerings_of_npi(leaver) == []
    assert leaver in without.meta.name
    assert any(leaver in note for note in without.meta.accepted)
    assert without.meta.sha256 != demo.meta.sha256
    assert without.meta.is_demo
    ended = compare_networks(demo, without)["offerings"]["ended"]
    assert {(e["provider_id"], e["service_key"], e["site_id"]) for e in ended} == {
        (o.provider_id, o.service_key, o.site_id) for o in demo.offerings_of_npi(leaver)
    }


def test_what_was_added_changed_and_ended_is_named(demo, without, leaver) -> None:
    back = compare_networks(without, demo)
    assert len(back["offerings"]["added"]) == len(demo.offerings_of_npi(leaver))
    assert back["offerings"]["ended"] == []


def test_flips_are_those_that_asking_every_zip_finds(demo, without) -> None:
    policy = load_policy()
    found = {(flip.zip5, flip.before, flip.after) for flip in flips(demo, without, policy, services=["fbc_adult"])}
    assert found
    slow = set()
    before, after = aq.Network(demo, policy), aq.Network(without, policy)
    from datetime import date

    from adequacy.reference import counties_of, find_zip, zips

    for zip5 in zips("NC"):
        counties = {each.county_fips for each in counties_of(find_zip(zip5).zcta) if each.people}
        if not counties.intersection(policy.counties(date(2026, 11, 1))):
            continue
        words = [net.check("fbc_adult", zip5=zip5, as_of="2026-11-01").finding for net in (before, after)]
        if words[0] != words[1]:
            slow.add((zip5, *words))
    assert found == slow


def test_nobody_is_left_out_by_mistake(demo, tmp_path) -> None:
    with pytest.raises(UsageError, match="no offering"):
        network_without(demo, tmp_path / "x.gpkg", npis=["1999999999"])
    with pytest.raises(UsageError, match="Say whom"):
        network_without(demo, tmp_path / "x.gpkg")
    assert not (tmp_path / "x.gpkg").exists()


def test_the_commands_print_what_the_library_finds(run, demo, without, leaver, tmp_path) -> None:
    ran = run("network", "diff", str(demo.path), str(without.path), "--format", "json")
    assert len(json.loads(ran.out)["offerings"]["ended"]) == len(demo.offerings_of_npi(leaver))
    page = run("network", "diff", str(demo.path), str(without.path)).out
    assert max(map(len, page.splitlines())) <= 80
    out = tmp_path / "again.gpkg"
    ran = run("network", "without", str(demo.path), "--npi", leaver, "--out", str(out))
    assert (ran.code, ran.out) == (0, "")
    assert "left out" in ran.err
    assert out.read_bytes() == without.path.read_bytes()
