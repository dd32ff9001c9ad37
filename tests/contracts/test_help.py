"""Help and arguments of every command: the examples run as pasted, and a bad value is one line that names its option.

The examples run one after another in one folder that holds what ``adequacy demo .`` writes and three files of a user.
"""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer

from adequacy.cli.app import app
from adequacy.errors import UsageError

#: In this order, because later examples read what earlier ones wrote.
ORDER = (
    "demo", "check", "services", "standards", "doctor",
    "network build", "network columns", "network info", "network without", "network diff", "network cover",
    "geocode index", "geocode run", "roads build", "roads info",
    "batch", "backtest", "measure", "report",
    "request open", "request list", "request show", "request decide", "record verify", "record explain",
    "record export", "request confirm", "request letter", "request list-providers", "request event", "request due",
    "request call-sheet", "request stats", "record check-book", "policy decide",
    "credentialing open", "credentialing event", "credentialing show", "credentialing letter",
)  # fmt: skip
BAD = {"DATE": "2026-02-30", "TIMESTAMP": "yesterday", "YEARS": "old", "MILES": "far", "LAT,LON": "here"}
FILES = ("FILE", "DIR", "FORM", "MAP")
OSM = Path(__file__).parents[1] / "data" / "osm" / "baltimore.osm.pbf"
FACTS = (
    "level_of_care,consumer_identified,contracted_in_30mi,accessible,client_specific,requester_contracted,"
    "nctracks_ok,tp_closed_service\nnon-inpatient,Y,Y,U,N,N,Y,Y\n"
)


def every_command() -> dict[str, Any]:
    """The commands by their words, as typer has built them."""
    found: dict[str, Any] = {}

    def walk(command: Any, words: tuple[str, ...]) -> None:
        children = getattr(command, "commands", None)
        if children is None:
            found[" ".join(words)] = command
            return
        for name, child in children.items():
            walk(child, (*words, name))

    walk(typer.main.get_command(app), ())
    return found


COMMANDS = every_command()
OPTIONS = [(words, each) for words, command in COMMANDS.items() for each in command.params if each.opts[0][:2] == "--"]


def examples(page: str) -> list[list[str]]:
    """The examples of a help page as a shell would read them."""
    text = page.split("Examples:")[1].replace("\\\n", " ")
    return [shlex.split(line)[1:] for line in text.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the examples run: a user's own files, and a place for the casebook."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copy(OSM, folder / "north-carolina.osm.pbf")
    (folder / "facts.csv").write_text(FACTS, encoding="utf-8")
    return folder


@pytest.fixture
def here(desk: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That folder as the working folder, with its casebook."""
    monkeypatch.chdir(desk)
    monkeypatch.setenv("ADEQUACY_CASEBOOK", str(desk / "book.sqlite"))
    return desk


def test_every_command_has_its_turn() -> None:
    assert sorted(ORDER) == sorted(COMMANDS)


@pytest.mark.parametrize("words", ORDER)
def test_the_two_examples_of_the_help_run_as_pasted(run, here: Path, words: str) -> None:
    if words == "demo":
        assert run("demo", ".").code == 0
    pasted = examples(run(*words.split(), "--help").out)
    assert len(pasted) == 2
    assert pasted[0][: len(words.split())] == words.split()
    for arguments in pasted:
        ran = run(*arguments)
        assert ran.code == 0, (arguments, ran.err)
        assert "Traceback" not in ran.err
        for name in re.findall(r"--(?:out|record|ics) (\S+)", " ".join(arguments)):
            assert (here / name).exists()


@pytest.mark.parametrize("words", COMMANDS)
def test_the_help_reads_well_in_eighty_columns(run, words: str) -> None:
    page = run(*words.split(), "--help").out
    assert max(map(len, page.splitlines())) <= 80
    # no Python types, no sentence cut short
    assert not re.search(r"<\w+|\.\.\.$", page.partition("\n")[2], re.M), page
    for option in COMMANDS[words].params:
        assert option.help, option.opts


@pytest.mark.parametrize("group", sorted({words.split()[0] for words in COMMANDS if " " in words}))
def test_the_list_of_a_groups_commands_is_not_cut_short(run, group: str) -> None:
    page = run(group, "--help").out
    assert "..." not in page.split("Commands:")[1]
    assert max(map(len, page.splitlines())) <= 80


def parsed(words: str, *arguments: str) -> str:
    """The message of a usage error when typer reads these arguments of a command."""
    with pytest.raises(UsageError) as refused:
        COMMANDS[words].make_context(words, list(arguments))
    return refused.value.message


def test_a_value_that_is_none_of_its_kind_is_refused_by_the_name_of_its_option() -> None:
    read = [(words, each.opts[0], each.metavar) for words, each in OPTIONS if each.metavar in BAD]
    assert len(read) > 30
    read += [
        (words, each.opts[0], each.metavar) for words, each in OPTIONS if re.match(r"[a-z-]+\|", each.metavar or "")
    ]
    for words, option, kind in read:
        bad = BAD.get(kind, "purple")
        for arguments in ((option, bad), (f"{option}={bad}",)):
            message = parsed(words, *arguments)
            assert message.startswith(f"{option}: "), (words, message)
            assert "\n" not in message


@pytest.mark.parametrize("kind", BAD)
def test_the_refusal_of_a_bad_value_is_one_line_whichever_way_it_is_read(run, kind: str) -> None:
    seen = 0
    for words, each in OPTIONS:
        if each.metavar == kind and words in ("check", "standards", "request open", "request due"):
            line = run(*words.split(), each.opts[0], BAD[kind]).refused(2)
            assert line == run(*words.split(), f"{each.opts[0]}={BAD[kind]}").refused(2)
            assert line.startswith(f"adequacy: {each.opts[0]}: ")
            seen += 1
    assert seen


def test_every_value_of_the_help_has_a_word_and_numbers_dates_and_points_the_one_that_reads_them() -> None:
    dates = {"--as-of", "--at", "--on", "--since", "--until", "--received", "--admitted", "--delivered", "--dated",
             "--roster-date", "--first-appt"}  # fmt: skip
    for words, each in OPTIONS:
        option = each.opts[0]
        if option in dates:
            assert each.metavar in ("DATE", "TIMESTAMP"), (words, option)
        elif option.endswith("point"):
            assert each.metavar == "LAT,LON", (words, option)
        elif option == "--age" or option.endswith("-mi"):
            assert each.metavar in ("YEARS", "MILES"), (words, option)
        else:
            assert each.is_flag or each.metavar, (words, option)


def test_an_option_that_holds_one_value_is_not_given_twice(run) -> None:
    for words, each in OPTIONS:
        option = each.opts[0]
        if not (each.multiple or each.is_flag):
            message = parsed(words, option, "2026-11-01", f"{option}=2026-11-02")
            assert message == f"{option} is given 2 times and takes one value: keep one."
    asked = ("check", "--service", "SAIOP", "--zip", "27546")
    for again in (("--zip", "27501"), ("--zip=27501",), ("--service", "otp")):
        assert f"{again[0][:5]}" in run(*asked, *again).refused(2)


def test_lists_and_flags_may_be_repeated(run) -> None:
    asked = ("check", "--service", "SAIOP", "--zip", "27546", "--all")
    assert run(*asked, "--all").out == run(*asked).out
    several = {(words, each.opts[0]) for words, each in OPTIONS if each.multiple}
    leave_out = {("network without", option) for option in ("--npi", "--provider-id", "--site-id")}
    assert several == {("network build", "--join"), *leave_out}
    given = COMMANDS["network without"].make_context("x", ["f", "--out", "o", "--npi", "1", "--npi", "2"]).params
    assert given["npi"] == ["1", "2"]


#: Files and folders that a command reads, each with arguments that make the command read it.
READS: dict[str, tuple[str, ...]] = {
    "check": ("--service", "SAIOP", "--zip", "27546"),
    "request open": ("--service", "SAIOP", "--zip", "27546", "--received", "2026-11-02", "--requester", "A"),
    "measure": ("--scheme", "alliance_oon", "--out", "m.xlsx"),
    "record explain": ("REQ-2026-000001",),
    "network diff": ("plan.gpkg", "without.gpkg", "--answers"),
    "request event": ("REQ-2026-000013", "contacted", "--site", "SUB-09648", "--by", "A", "--result", "full"),
    "request letter": ("REQ-2026-000001", "--out", "letter.docx"),
    "credentialing letter": ("CRED-2026-000001", "--out", "letter.docx", "--letter", "L9"),
}
MEMBER = ("--service", "SAIOP", "--member", "M1")
READS_OTHERWISE: dict[tuple[str, str], tuple[str, ...]] = {
    ("check", "--members"): MEMBER,
    ("request open", "--members"): (*MEMBER, "--received", "2026-11-02", "--requester", "A"),
    ("request open", "--file"): (),
    ("request letter", "--network"): ("REQ-2026-000001", "--out", "brief.docx", "--letter", "L14"),
}
WRITES = {"--out", "--map", "--list", "--findings", "--marked", "--record", "--ics", "--eml", "--pdf", "--png",
          "--xlsx"}  # fmt: skip
BEGINS_A_BOOK = {("request open", "--casebook"), ("credentialing open", "--casebook")}


def files_read(words: str) -> list[str]:
    """The options of a command that name a file or a folder to read."""
    named = [each.opts[0] for each in COMMANDS[words].params if re.match(r"FILE|DIR|FORM$|MAP", each.metavar or "")]
    return [option for option in named if option[:2] == "--" and option not in WRITES]


@pytest.mark.parametrize("words", [words for words in ORDER if files_read(words)])
def test_a_file_that_is_not_there_is_one_line_that_names_it(run, here: Path, words: str) -> None:
    usual = READS.get(words) or tuple(examples(run(*words.split(), "--help").out)[0][len(words.split()) :])
    for option in files_read(words):
        if (words, option) in BEGINS_A_BOOK:
            continue
        base = READS_OTHERWISE.get((words, option), usual)
        line = run(*words.split(), *base, option, "absent/absent.json").refused(3)
        assert "absent" in line, line
        assert not (here / "absent").exists()
