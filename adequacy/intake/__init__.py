"""The plan's own files -> our tables: fixed where there is one obvious fix, warned, or refused, and never in silence.

``read_rosters`` takes workbooks, extracts, NPPES files and Plan-Net directories as staff have them and returns the
offerings, every refused row with its reason, and every cell it touched. It looks nothing up and sends nothing anywhere;
placing the sites is for ``geocode``, deciding whether an offering counts is for ``access``.
"""

from adequacy.intake.consumers import Consumer, read_consumers, read_member
from adequacy.intake.first_mapping import first_mapping, write_first_mapping
from adequacy.intake.mapping import mapping_beside, mapping_name
from adequacy.intake.markup import marked_paths, write_marked_copies, write_marked_copy
from adequacy.intake.rosters import FileRead, Intake, limits_of, read_rosters, require_acceptable
from adequacy.intake.rows import Limits

__all__ = [
    "Consumer",
    "FileRead",
    "Intake",
    "Limits",
    "first_mapping",
    "limits_of",
    "mapping_beside",
    "mapping_name",
    "marked_paths",
    "read_consumers",
    "read_member",
    "read_rosters",
    "require_acceptable",
    "write_first_mapping",
    "write_marked_copies",
    "write_marked_copy",
]
