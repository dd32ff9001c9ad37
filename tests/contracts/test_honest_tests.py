"""Tests about the tests: none passes because nothing was tested."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[1]
FILES = sorted(TESTS.rglob("*.py"))
#: What holds a result against something, by the name that is called.
HOLDS = {"raises", "refused", "fail", "warns", "check_returncode"}
#: The systems and devices that a test may need, and nothing else, decide whether it runs at all.
MAY_DECIDE = {"sys.platform", "os.name", "os.fork", "/dev/full"}


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def called(node: ast.AST) -> set[str]:
    """The last names of everything that is called in a piece of code."""
    functions = [each.func for each in ast.walk(node) if isinstance(each, ast.Call)]
    return {
        f.attr if isinstance(f, ast.Attribute) else f.id for f in functions if isinstance(f, ast.Attribute | ast.Name)
    }


def holds(node: ast.AST) -> bool:
    """Whether a piece of code itself asserts something."""
    asserts = any(isinstance(each, ast.Assert) for each in ast.walk(node))
    return asserts or any(name in HOLDS or name.startswith("assert_") for name in called(node))


def functions(file: Path) -> dict[str, ast.FunctionDef]:
    return {each.name: each for each in ast.walk(tree(file)) if isinstance(each, ast.FunctionDef)}


def test_every_test_holds_something_against_something() -> None:
    helpers = {name for file in FILES for name, code in functions(file).items() if holds(code)}
    for file in FILES:
        for name, code in functions(file).items():
            if name.startswith("test_"):
                assert holds(code) or called(code) & helpers, f"{file.name}: {name} asserts nothing"


def test_no_test_asserts_what_is_always_true() -> None:
    for file in FILES:
        for each in ast.walk(tree(file)):
            if isinstance(each, ast.Assert):
                test = each.test
                assert not isinstance(test, ast.Constant), f"{file.name}:{each.lineno}"
                assert not (isinstance(test, ast.Tuple) and test.elts), f"{file.name}:{each.lineno}"


def test_nothing_is_skipped_for_want_of_a_package_and_in_ci_nothing_for_want_of_a_program() -> None:
    for file in FILES:
        assert not called(tree(file)) & {"importorskip", "xfail", "skipIf", "skipUnless"}, file.name
        for name, code in functions(file).items():
            if "skip" in called(code):
                assert "ADEQUACY_CI" in ast.unparse(code), f"{file.name}: {name} skips in CI too"
        for each in ast.walk(tree(file)):
            if isinstance(each, ast.Call) and ast.unparse(each.func) == "pytest.mark.skipif":
                condition = ast.unparse(each.args[0]).replace("hasattr(os, 'fork')", "os.fork")
                assert any(word in condition for word in MAY_DECIDE), f"{file.name}: {condition}"
