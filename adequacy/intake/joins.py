"""Enrolment kept in files of its own: NCTracks, credentialing, contract and licence, joined by NPI and site.

A row of such a file fits a roster row of the same NPI at the same site: by site id where both have one, else by street
and ZIP code, else by the ZIP code where the NPI has one site there. A taxonomy in both must agree. NCTracks enrols a
provider at a site, so its status is never taken from a file without sites. What fits nothing, or fits twice and
disagrees, is named; the value is then unknown, never "yes".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adequacy.errors import MissingColumn
from adequacy.intake.cells import cell_judge, says_unknown
from adequacy.intake.identity import note_rows, street_key
from adequacy.intake.mapping import Mapping
from adequacy.intake.sources import batches, lacks, where
from adequacy.tables import STATUS_COLUMNS, table

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from adequacy.intake.findings import Findings
    from adequacy.intake.sources import LaidOut
    from adequacy.policy import Catalogue

__all__ = ["ENROLMENT_COLUMNS", "Enrolment", "is_enrolment"]

ENROLMENT_COLUMNS = (
    "contract_id", "contract_status", "contract_from", "contract_to", "agreement_type", "credential_status",
    "credential_due", "nctracks_status", "nctracks_from", "nctracks_to", "license_expiry",
)  # fmt: skip
_KEYS = ("npi", "site_id", "street", "zip5", "taxonomy")
#: Facts of one provider at one site; a file that names no site cannot tell them.
_BY_SITE = ("nctracks_status", "nctracks_from", "nctracks_to")


def is_enrolment(each: LaidOut, mapping: Mapping) -> bool:
    """Tell whether a sheet is an enrolment file: NPIs and enrolment columns, but no provider or no service."""
    have = set(each.layout.columns)
    return (
        "npi" in have
        and bool(have & set(ENROLMENT_COLUMNS))
        and lacks(each.layout, mapping) in {"provider_name", "service"}
    )


class Enrolment:
    """The enrolment files of one run, gathered and then joined to the roster."""

    def __init__(self, findings: Findings, today: date) -> None:
        self._findings = findings
        self._today = today
        self._frames: list[pd.DataFrame] = []
        self.columns: set[str] = set()
        #: status columns of which a file says outright that it does not know them
        self.stated: set[str] = set()

    def add(self, each: LaidOut, mapping: Mapping) -> int:
        """Read one enrolment sheet; return its rows.

        Raises
        ------
        MissingColumn
            If it has no NPI, or an NCTracks status without a site.
        """
        import pandas as pd

        have = set(each.layout.columns)
        if "npi" not in have:
            raise MissingColumn(
                f"{where(each.sheet.source)}: no column 'npi' to join by. Map it in a file given with --columns."
            )
        if have & set(_BY_SITE) and not have & {"site_id", "zip5"}:
            raise MissingColumn(
                f"{where(each.sheet.source)}: an NCTracks status holds at a site, and the file has neither "
                "'site_id' nor 'zip5'. Add the site to it."
            )
        self.columns |= have & set(ENROLMENT_COLUMNS)
        words = {name: mapping.words[name] for name in have if name in mapping.words}
        rows = 0
        for batch, _ in batches(each, Mapping(words=words), self._findings):
            rows += len(batch)
            for column in table("roster").columns:
                if column.name in batch.values and column.name in {*_KEYS, *ENROLMENT_COLUMNS}:
                    judge = cell_judge(column, today=self._today, words=words.get(column.name))
                    batch.judge((column.name,), judge)
                    if column.name in STATUS_COLUMNS:
                        texts = batch.texts_as_read(column.name)
                        self.stated |= {column.name for text in texts if says_unknown(judge, text)}
            frame = pd.DataFrame(
                {name: batch.column(name).array() for name in (*_KEYS, *ENROLMENT_COLUMNS)}, dtype=object
            )
            frame["source_file"], frame["source_sheet"] = batch.source.file, batch.source.sheet
            frame["source_row"] = batch.rows
            self._frames.append(frame[~batch.refused])
        return rows

    def join(self, rows: pd.DataFrame, catalogue: Catalogue) -> None:
        """Write the joined facts into the roster rows, in place."""
        import pandas as pd

        if not self._frames:
            return
        facts = pd.concat(self._frames, ignore_index=True)
        fits = _fits(rows, facts, catalogue)
        unused = facts.index.difference(pd.Index(sorted({fact for found in fits.values() for fact in found})))
        note_rows(self._findings, facts.loc[unused], "npi", "join_no_match")
        for name in ENROLMENT_COLUMNS:
            self._fill(name, rows, facts, fits)

    def _fill(self, name: str, rows: pd.DataFrame, facts: pd.DataFrame, fits: dict[int, list[int]]) -> None:
        """Write one column: the one value that the fitting facts agree on."""
        if name not in self.columns:
            return
        values = facts[name].tolist()
        changed: dict[str, list[tuple[int, str, str]]] = {"join_used": [], "join_differs": [], "join_several": []}
        have = rows[name].tolist()
        for place, found in fits.items():
            said = list(dict.fromkeys(values[fact] for fact in found if values[fact]))
            if not said:
                continue
            one = said[0] if len(said) == 1 else ("unknown" if name in STATUS_COLUMNS else "")
            rule = "join_several" if len(said) > 1 else "join_differs" if have[place] not in {"", one} else "join_used"
            if one != have[place] or rule == "join_several":
                changed[rule].append((place, one, ", ".join(said)))
        for rule, cells in changed.items():
            if cells:
                places = [place for place, _, _ in cells]
                new = [value for _, value, _ in cells]
                old = [have[place] for place in places]
                note_rows(
                    self._findings,
                    rows.iloc[places],
                    name,
                    rule,
                    old=old,
                    new=new,
                    detail=[said for _, _, said in cells],
                )
                rows.iloc[places, rows.columns.get_loc(name)] = new  # type: ignore[index]


def _fits(rows: pd.DataFrame, facts: pd.DataFrame, catalogue: Catalogue) -> dict[int, list[int]]:
    """Return roster row -> facts that fit it, both by position."""
    by_npi: dict[str, list[int]] = {}
    for fact, npi in enumerate(facts["npi"].tolist()):
        if npi:
            by_npi.setdefault(npi, []).append(fact)
    sites = rows[["npi", "zip5", "site_id"]].drop_duplicates().groupby(["npi", "zip5"]).size().to_dict()
    keys = [{str(name): str(text) for name, text in key.items()} for key in facts[list(_KEYS)].to_dict("records")]
    streets = [street_key(key["street"]) for key in keys]
    fits: dict[int, list[int]] = {}
    asked = rows[["npi", "site_id", "street", "zip5", "taxonomy", "service_key"]].itertuples(index=False, name=None)
    cache: dict[tuple[str, ...], list[int]] = {}
    for place, row in enumerate(asked):
        npi, site_id, street, zip5, taxonomy, service = row
        if npi not in by_npi:
            continue
        if row not in cache:
            alone = sites[npi, zip5] == 1
            here = [
                fact for fact in by_npi[npi]
                if _same_site(keys[fact], streets[fact], site_id, street_key(street), zip5, alone)
            ]  # fmt: skip
            cache[row] = _same_taxonomy(here, keys, taxonomy, catalogue[service].taxonomies)
        if cache[row]:
            fits[place] = cache[row]
    return fits


def _same_site(key: dict[str, str], fact_street: str, site_id: str, street: str, zip5: str, alone: bool) -> bool:
    """Tell whether a fact is about a site; a fact that names no site is about every site of its NPI."""
    if key["site_id"] and key["site_id"] == site_id:
        return True
    if fact_street and street:
        return fact_street == street and key["zip5"] == zip5
    if key["zip5"]:
        return key["zip5"] == zip5 and alone
    return not key["site_id"] and not fact_street


def _same_taxonomy(facts: list[int], keys: list[dict[str, str]], taxonomy: str, tied: tuple[str, ...]) -> list[int]:
    """Keep the facts of the row's taxonomy; without one, those of the taxonomies tied to its service; else all."""
    for wanted in (set(taxonomy.split(";")) - {""}, set(tied)):
        if wanted:
            named = [fact for fact in facts if not keys[fact]["taxonomy"] or keys[fact]["taxonomy"] in wanted]
            if named or taxonomy:
                return named
    return facts
