"""Every word staff use finds its service, or asks back; nothing is ever guessed."""

import pytest

from adequacy.errors import AmbiguousService, NoSuchService, UnknownService
from adequacy.policy import load_policy

SERVICES = load_policy().services
OWN = [service for service in SERVICES if service.is_service]


def _spellings(word):
    return {word, word.upper(), word.lower(), f"  {word} ", word.replace(" ", "-"), word.replace("-", " ")}


def _meanings(word):
    """The keys a word may mean."""
    try:
        return {SERVICES.find(word).key}
    except AmbiguousService as error:
        return set(error.choices)


def test_there_are_seventy_one_services_and_one_is_none_of_its_own():
    assert len(SERVICES) == 71
    assert [service.key for service in SERVICES if not service.is_service] == ["tcli"]


@pytest.mark.parametrize("service", OWN, ids=lambda service: service.key)
def test_a_service_is_found_by_its_key_and_its_name(service):
    for word in (service.key, service.key.upper(), *_spellings(service.name)):
        assert SERVICES.find(word) is service


@pytest.mark.parametrize("service", OWN, ids=lambda service: service.key)
def test_a_staff_term_finds_its_service_or_asks_back_with_it_among_the_choices(service):
    for term in service.staff_terms:
        shared = {other.key for other in SERVICES if term.casefold() in (word.casefold() for word in other.staff_terms)}
        for word in _spellings(term):
            assert _meanings(word) >= shared | {service.key}


@pytest.mark.parametrize("service", OWN, ids=lambda service: service.key)
def test_a_code_finds_its_service_or_asks_back_with_it_among_the_choices(service):
    for code in service.codes:
        assert service.key in _meanings(code)


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("saiop", "saiop"),
        ("Methadone Clinic", "otp"),
        ("h2015ht", "cst"),
        ("H2015-HT", "cst"),
        ("H2015 HT", "cst"),
        ("99203", "op_medmgmt"),
        ("99202-99205", "op_medmgmt"),
        ("99213 22", "op_mat"),
        ("96138", "psych_testing"),
        ("RC 0911", "prtf"),
        ("rc911", "prtf"),
        ("0911", "prtf"),
        ("T2013 HQ TF", "inn_cls"),
        ("S9484 HA", "fbc_child"),
        ("T1017HE", "tcm_8l"),
        ("icf/iid", "icf"),
    ],
)
def test_any_case_blank_or_hyphen_will_do(word, key):
    assert SERVICES.find(word).key == key


@pytest.mark.parametrize(
    ("word", "choices"),
    [
        ("PHP", {"php_partial"}),
        ("TCM", {"tcm_tailored", "tcm_8l"}),
        ("CLS", {"i_cls", "inn_cls"}),
        ("SE", {"i_se_idd", "inn_se", "ips_se"}),
        ("Supported Employment", {"i_se_idd", "inn_se", "ips_se"}),
        ("day supports", {"day_supports", "inn_ds"}),
        ("ASD", set()),
        ("MAT", {"op_mat", "otp"}),
        ("DT", {"day_tx"}),
        ("H2015", {"cst", "inn_cn"}),
        ("H2011", {"mcm", "inn_crisis"}),
        ("H2022", {"iih", "fct"}),
        ("S9484", {"fbc_adult", "fbc_child"}),
        ("H0040", {"actt", "act_stepdown"}),
        ("T1017", {"tcm_tailored", "tcm_8l"}),
        ("H2023", {"i_se_idd", "ips_se"}),
        ("H2026", {"i_se_idd", "inn_se"}),
        ("T2013", {"i_cls", "inn_cls"}),
        ("T2025", {"inn_crisis", "inn_fs", "inn_sc"}),
        ("H0010", {"wm32", "wm37"}),
        ("H0014", {"wm1", "wm2"}),
        ("H0019", {"rt_l3", "rt_l4"}),
        ("99213", {"op_medmgmt", "op_mat"}),
        ("RC 0100", {"ip_adult", "ip_adol", "ip_child", "ip_sud", "icf"}),
        ("rc100", {"ip_adult", "ip_adol", "ip_child", "ip_sud", "icf"}),
    ],
)
def test_a_word_that_means_several_asks_back_with_the_choices(word, choices):
    with pytest.raises(AmbiguousService) as caught:
        SERVICES.find(word)
    assert set(caught.value.choices) == choices
    assert "\n" not in caught.value.message


def test_php_is_also_the_prepaid_health_plan():
    with pytest.raises(AmbiguousService, match="Prepaid Health Plan"):
        SERVICES.find("php")


@pytest.mark.parametrize("word", ["tcli", "TCLI", "tcl"])
def test_a_programme_is_no_service_of_its_own(word):
    with pytest.raises(NoSuchService, match="no service of its own"):
        SERVICES.find(word)


@pytest.mark.parametrize(
    ("word", "near"), [("saipo", "saiop"), ("metadone", "otp"), ("H2015 ZZ", "cst"), ("actt team", "actt")]
)
def test_a_near_miss_is_suggested_and_never_taken(word, near):
    with pytest.raises(UnknownService) as caught:
        SERVICES.find(word)
    assert near in caught.value.choices
    assert near in caught.value.message


@pytest.mark.parametrize("word", ["", "   ", "???", "xyzzy", "\x1b[31m", "é" * 500])
def test_a_word_that_is_nothing_gives_one_short_clean_line(word):
    with pytest.raises(UnknownService) as caught:
        SERVICES.find(word)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 400


def test_search_without_a_term_lists_all_and_with_one_lists_the_best_first():
    assert len(SERVICES.search()) == 71
    assert SERVICES.search("detox")[0].key == "wm37"
    assert {"wm1", "wm32"} <= {service.key for service in SERVICES.search("detox")}
    assert {service.key for service in SERVICES.search("respite")} == {"i_respite", "inn_respite"}
    assert [service.key for service in SERVICES.search("SAIOP")] == ["saiop"]
    assert SERVICES.search("xyzzy") == []


def test_a_service_is_subscripted_by_its_exact_key():
    assert SERVICES["saiop"].codes == ("H0015",)
    assert "saiop" in SERVICES
    with pytest.raises(KeyError):
        SERVICES["SAIOP"]
