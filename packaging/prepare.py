"""Make the virtual environment that Wirescope runs in, and check the system for what Qt needs.

    python3 packaging/prepare.py .venv [--tests] [--window]

`make` calls it before each command. Steps: the system packages (system_libraries.py), the venv, the dependencies named
in pyproject.toml and, in the clone's own `.venv`, the project itself (editable, so that the command `wirescope` is
there). An environment elsewhere may serve several clones, so it gets the dependencies alone: a project installed in it
would point at one of them. A stamp, written last, makes the next run quick; an environment whose making was broken off
is made anew.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from system_libraries import ensure_packages

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = ROOT / "pyproject.toml"


def stamp(in_clone: bool) -> str:
    """What an environment depends on. The place, too: the scripts in the clone's own one hold absolute paths."""
    digest = hashlib.sha256(PYPROJECT.read_bytes()).hexdigest()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"pyproject {digest}\npython {version}\nclone {ROOT if in_clone else '-'}\n"


def dependencies(tests: bool) -> list[str]:
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *(project["optional-dependencies"]["test"] if tests else [])]


def run(*command: str | Path) -> None:
    if subprocess.run([str(part) for part in command], cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode != 0:
        sys.exit(f"Setting up failed at: {' '.join(str(part) for part in command)}")


def empty(folder: Path, keep: Path) -> None:
    for child in folder.iterdir():
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        elif child != keep:
            child.unlink()


def prepare(venv: Path, tests: bool) -> None:
    in_clone = venv.parent == ROOT
    stamp_file, building = venv / "wirescope-stamp", venv / "wirescope-building"
    wanted = stamp(in_clone) + ("with test tools\n" if tests else "")
    old_stamp = stamp_file.read_text(encoding="utf-8") if stamp_file.exists() else ""
    if old_stamp.startswith(wanted) and not building.exists():
        return
    tests = tests or old_stamp.endswith("with test tools\n")
    wanted = stamp(in_clone) + ("with test tools\n" if tests else "")
    is_venv = (venv / "pyvenv.cfg").exists()
    if venv.is_dir() and any(venv.iterdir()) and not is_venv and not building.exists():
        sys.exit(f"{venv} is a folder with something else in it. Please name another one.")
    # Only an environment that was made here is ever emptied: broken off half-way, of another Python, or of a clone
    # that has moved.
    same_python_and_place = old_stamp.splitlines()[1:3] == wanted.splitlines()[1:3]
    anew = not is_venv or building.exists() or (old_stamp != "" and not same_python_and_place)

    print(f"Making the environment {venv}: the first time takes some minutes and some gigabytes.", flush=True)
    venv.mkdir(parents=True, exist_ok=True)
    if anew or old_stamp:
        building.touch()
    stamp_file.unlink(missing_ok=True)
    if anew:
        empty(venv, keep=building)
        run(sys.executable, "-m", "venv", venv)
    pip = [venv / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install"]
    if not sys.stdout.isatty():
        pip.append("--quiet")  # else its progress bars show that something goes on
    run(*pip, *dependencies(tests))
    if in_clone:
        run(*pip, "--no-deps", "--editable", ROOT)
    stamp_file.write_text(wanted, encoding="utf-8")
    building.unlink(missing_ok=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("venv", type=Path, help="folder of the environment")
    parser.add_argument("--tests", action="store_true", help="with the tools of the tests")
    parser.add_argument("--window", action="store_true", help="for a window on a display")
    arguments = parser.parse_args()
    ensure_packages(arguments.window, arguments.tests)
    prepare(Path(os.path.abspath(arguments.venv)), arguments.tests)


if __name__ == "__main__":
    main()
