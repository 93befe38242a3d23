"""`wirescope bench`: the tables of tests/benchmarks/, from a clone. They need the tests beside the program, which an
installed wheel does not have; the command is then not there."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def available() -> bool:
    """Whether this is a clone, with its benchmarks."""
    return (ROOT / "tests" / "benchmarks" / "__main__.py").exists()


def bench(arguments: Sequence[str]) -> int:
    """Print the tables. Returns the exit code."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    result: int = importlib.import_module("tests.benchmarks.__main__").main(arguments)
    return result
