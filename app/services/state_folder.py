"""Where the program keeps what is of no use to the user as a file: work that is not saved yet, locks."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def state_folder() -> Path:
    """In the place that the system gives for it; WIRESCOPE_STATE names another one. It may not be there yet."""
    return Path(os.environ.get("WIRESCOPE_STATE") or platformdirs.user_state_dir("wirescope", appauthor=False))
