"""`make bench`: prints the tables. Run it on an otherwise idle machine. Names of parts (engine, canvas, start)
choose some."""

from __future__ import annotations

import importlib
import os
import sys

PARTS = ("engine", "canvas", "start")


def main() -> int:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    chosen = sys.argv[1:] or PARTS
    unknown = [name for name in chosen if name not in PARTS]
    if unknown:
        print(f"There is no part {unknown[0]!r}; there are: {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    for name in chosen:
        for table in importlib.import_module(f"tests.benchmarks.{name}").tables():
            print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
