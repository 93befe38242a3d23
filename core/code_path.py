"""Where processes that are started from here find the code of this one."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def python_path() -> str:
    """A value of PYTHONPATH: the folder of this code, then what this process has there. Each entry is absolute and none
    is empty: Python takes an empty one for the folder that it is started in, before its own library."""
    given = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    return os.pathsep.join(dict.fromkeys((str(ROOT), *map(os.path.abspath, given))))
