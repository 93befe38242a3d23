"""Paths: of projects, and of pictures as a project's file has them. What comes with Wirescope is found wherever that is
installed."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

ENDING = ".wire"
_MARK = "resources:"


def is_project(path: str | Path) -> bool:
    """Whether a path is called as project files are."""
    return str(path).lower().endswith(ENDING)


def _home() -> Path:
    return Path(str(resources.files("resources")))


def kept_path(path: str) -> str:
    """ "resources:samples/cat.png" of a picture that comes with Wirescope; any other path as it is."""
    home = f"{_home()}{os.sep}"
    return _MARK + path[len(home) :].replace(os.sep, "/") if path.startswith(home) else path


def found_path(path: str) -> str:
    """The other way. A path that would lead out of Wirescope's own folder is none."""
    if not path.startswith(_MARK):
        return path
    parts = path[len(_MARK) :].split("/")
    if any(part in ("", ".", "..") or "\\" in part or ":" in part for part in parts):
        return ""
    return str(_home().joinpath(*parts))
