"""Build the wheel, install it in an empty environment, and answer one check from there."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LARGEST_BYTES = 15_000_000


def run(*command: str | Path, folder: Path) -> str:
    """Run a command in a folder and give what it prints."""
    done = subprocess.run([str(part) for part in command], cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def main() -> None:
    """Build, weigh, install, ask."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, folder=folder)
        (wheel,) = folder.glob("*.whl")
        size = wheel.stat().st_size
        if size > LARGEST_BYTES:
            sys.exit(f"{wheel.name}: {size:,} bytes, more than {LARGEST_BYTES:,}")
        venv.create(folder / "empty", with_pip=True)
        scripts = folder / "empty" / ("Scripts" if sys.platform == "win32" else "bin")
        pip = (scripts / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        run(*pip, "-c", ROOT / "constraints.txt", wheel, folder=folder)
        question = ["check", "--service", "SAIOP", "--zip", "27546", "--format", "json"]
        printed = run(scripts / "adequacy", *question, folder=folder)
        answer = json.loads(printed)
        if answer["finding"] != "covered" or not answer["network"]["is_demo"]:
            sys.exit("the wheel answered, but not as expected")
        sys.stdout.write(f"{wheel.name}: {size / 1e6:.1f} MB, installed and answered '{answer['finding']}'\n")


if __name__ == "__main__":
    main()
