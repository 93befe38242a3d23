"""The command line in tests: run here, or as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from app.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
METRIC = "logit_difference: Mary: John"
EDGE = "a1.h2->m2"


def code_of(*arguments: str) -> int:
    """Run the command in this process; the code that the shell would see."""
    try:
        return main(list(arguments))
    except SystemExit as error:
        return int(error.code or 0)


def start(*command: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if name not in ("QT_QPA_PLATFORM", "DISPLAY")}
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=own | environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
