"""The service catalogue as a list: text of at most 80 columns, JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING

from adequacy.errors import AmbiguousService, NoSuchService, UnknownService, UsageError

if TYPE_CHECKING:
    from adequacy.policy import Catalogue, Service

__all__ = ["service_list"]

_COLUMNS = ("key", "name", "mode", "population", "category", "codes", "staff_terms")


def service_list(catalogue: Catalogue, term: str | None, output: str) -> str:
    """List the services that a term may mean, or all.

    Raises
    ------
    UnknownService
        Nothing is near the term.
    UsageError
        The format is not known.
    """
    found = catalogue.search(term)
    if not found:
        raise UnknownService(f"No service is like '{term}'. List them all with: adequacy services")
    if output == "json":
        return json.dumps([asdict(service) for service in found], indent=1, ensure_ascii=False) + "\n"
    if output == "csv":
        return _csv(found)
    if output != "text":
        raise UsageError(f"--format {output}: not a format. Choose one of text, json, csv.")
    return "".join(f"{line}\n" for line in [*_asks_back(catalogue, term), *(x for each in found for x in _lines(each))])


def _asks_back(catalogue: Catalogue, term: str | None) -> list[str]:
    """Say that a word means several services, where it does: it cannot be used in a question."""
    try:
        catalogue.find(term or "")
    except AmbiguousService as error:
        return [*textwrap.wrap(error.message, 80), ""]
    except (UnknownService, NoSuchService):
        pass
    return []


def _csv(found: list[Service]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for service in found:
        values = asdict(service)
        writer.writerow(["; ".join(v) if isinstance(v := values[name], tuple) else v for name in _COLUMNS])
    return out.getvalue()


def _lines(service: Service) -> list[str]:
    """Key and name, then what staff need to tell it from its neighbours."""
    facts = [service.mode, service.population, ", ".join(service.codes), "; ".join(service.staff_terms)]
    head = textwrap.wrap(service.name, 80, initial_indent=f"{service.key:<16}", subsequent_indent=" " * 16)
    tail = textwrap.wrap(
        " | ".join(fact for fact in facts if fact), 80, initial_indent=" " * 16, subsequent_indent=" " * 16
    )
    return [*head, *tail]
