"""Where the tool's own settings come from: flag, environment, ``adequacy.toml`` here, the user's file, built-in."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from adequacy.errors import InputError

__all__ = ["SETTINGS", "Setting", "setting", "user_config_file"]

#: Name in ``adequacy.toml`` and its environment variable.
SETTINGS = {
    "network": "ADEQUACY_NETWORK",
    "plan": "ADEQUACY_PLAN",
    "policy": "ADEQUACY_POLICY",
    "casebook": "ADEQUACY_CASEBOOK",
    "address_index": "ADEQUACY_ADDRESS_INDEX",
}
_BUILT_IN = {"plan": "alliance"}


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it came from."""

    value: str | None
    origin: str


def setting(name: str, flag: str | None = None) -> Setting:
    """Look a setting up: the flag, then the environment, then the two files, then what is built in.

    Parameters
    ----------
    name : str
        One of ``SETTINGS``.
    flag : str, optional
        What the command line says; it wins.

    Raises
    ------
    InputError
        ``adequacy.toml`` cannot be read, or holds an unknown name.
    """
    if flag:
        return Setting(flag, f"--{name.replace('_', '-')}")
    variable = SETTINGS[name]
    if os.environ.get(variable):
        return Setting(os.environ[variable], variable)
    for file in (Path("adequacy.toml"), user_config_file()):
        value = _read(file).get(name)
        if value is not None:
            # a path in a file is meant from that file's folder; a casebook may be a URL
            is_path = name != "plan" and "://" not in value
            return Setting(str(file.parent / value) if is_path else value, str(file))
    return Setting(_BUILT_IN.get(name), "built in")


def user_config_file() -> Path:
    """Where the user's own ``adequacy.toml`` lies: the config folder of the system."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / "adequacy" / "adequacy.toml"


@lru_cache(maxsize=4)
def _read(file: Path) -> dict[str, Any]:
    """Read one settings file; an absent one is empty."""
    if not file.is_file():
        return {}
    import tomllib

    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{file}: the settings cannot be read ({error}). Correct or remove the file.") from error
    wrong = [key for key, value in values.items() if key not in SETTINGS or not isinstance(value, str)]
    if wrong:
        raise InputError(f"{file}: '{wrong[0]}' is no setting. Known, each a text: {', '.join(SETTINGS)}.")
    return values
