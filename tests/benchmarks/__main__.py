"""`make bench` and, in a clone, `wirescope bench`: prints the tables. Run it on an otherwise idle machine.

    python -m tests.benchmarks [PART ...] [--json | --write]
    python -m tests.benchmarks repair [--short | --rivals] [--levels LEVEL ...] [--processes N] [--minutes N]
    python -m tests.benchmarks repair [...] [--workers N] [--cluster auto|ADDRESS]
    python -m tests.benchmarks tune [--short] [--processes N] [--minutes N]

Without parts, all but `device`, for graphics processors, `layout`, for drawings, `speed`, `pairs`, `spans`, `noise`,
`modalities`, `folders`, `typographic`, `vision`, `bidirectional`, `heads`, `large`, `plan`, `pair`, `remote`,
`spread`, `weights` and `window`, which take some minutes, and `long`, `selection`, `smollm2`, `repair`, `dissociate`,
`tune`, `icl`, `checkpoints`, `many` and `million`, which take a quarter of an hour or more each.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Sequence

from app.cli.output import tell_error
from core.errors import WirescopeError
from tests.benchmarks import measured

USUAL = ("engine", "together", "layers", "circuits", "memory", "canvas", "start", "tracing", "files")
OTHERS = (
    "device", "speed", "pairs", "spans", "noise", "selection", "smollm2", "repair", "dissociate", "detect", "rules",
    "tune", "layout", "modalities", "folders", "typographic", "vision", "bidirectional", "heads", "icl", "checkpoints",
    "pair", "plan", "long", "large", "many", "million", "remote", "spread",
    "weights", "window",
)  # fmt: skip
PARTS = (*USUAL, *OTHERS)
LIMITS = {  # options
    "repair": ("short", "processes", "minutes", "rivals", "levels", "write"),
    "tune": ("short", "processes", "minutes"),
    "typographic": ("short", "processes"),
    "many": ("short",),
    "million": ("short",),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    try:
        return _print_tables(arguments)
    except WirescopeError as error:
        return tell_error(error)


def _print_tables(arguments: Sequence[str] | None) -> int:
    """Returns the exit code. Raises WirescopeError."""
    parser = argparse.ArgumentParser(
        prog="wirescope bench",
        description="Print the measured speed of this machine.",
        epilog="For example: wirescope bench tune --short --processes 1",
    )
    parser.add_argument(
        "parts",
        nargs="*",
        metavar="PART",
        help=f"of {', '.join(PARTS)}; without one, all but the last {len(PARTS) - len(USUAL)}",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object for each table")
    parser.add_argument(
        "--write",
        action="store_true",
        help="also put the tables on their place in resources/docs, and what sums them up into README",
    )
    of_repair = parser.add_argument_group("of the parts repair, tune, typographic, many and million")
    of_repair.add_argument(
        "--rivals", action="store_true", help="of repair: measure the rivals alone, for a later run; no tables"
    )
    of_repair.add_argument(
        "--levels",
        nargs="+",
        metavar="LEVEL",
        help="of repair: how much is known, such as 16, clean or 64; other tables stay as they are (all)",
    )
    of_repair.add_argument(
        "--short", action="store_true", help="one draw of the examples alone, in some minutes (tune: of one task)"
    )
    of_repair.add_argument("--processes", type=int, default=2, help="draws at a time (2); of tune trainings")
    of_repair.add_argument(
        "--minutes",
        type=float,
        help="begin nothing after these (55; repair --short 4; tune 60); a later run goes on from there",
    )
    of_repair.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="of repair, in place of --processes: workers of Ray that share the draws",
    )
    of_repair.add_argument(
        "--cluster",
        metavar="auto|ADDRESS",
        help="of repair: a Ray cluster that shares them: HOST:PORT, ray://HOST:PORT; its nodes have this clone",
    )
    options = parser.parse_args(arguments)
    if options.processes < 1 or (options.minutes is not None and options.minutes < 0):
        parser.error("--processes takes 1 or more, --minutes 0 or more (0: only what is measured already)")
    unknown = [name for name in options.parts if name not in PARTS]
    if unknown:
        print(f"There is no part {unknown[0]!r}; there are: {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    if options.rivals and (options.write or options.short):
        parser.error("--rivals goes with neither --short nor --write")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    if options.levels is not None or "repair" in options.parts:
        from tests.benchmarks.repair import LEVELS  # imports the engine, which reads the environment

        options.levels = options.levels or LEVELS
        strange = [level for level in options.levels if level not in LEVELS]
        if strange:
            parser.error(f"--levels knows no {strange[0]!r}; it takes {', '.join(LEVELS)}")
    shared = options.workers is not None or options.cluster is not None
    if shared and options.parts != ["repair"]:
        parser.error("--workers and --cluster are of repair alone")
    if options.workers is not None and options.workers < 1:
        parser.error("--workers takes 1 or more")
    for name in options.parts or USUAL:
        tables = []
        given = {each: getattr(options, each) for each in LIMITS.get(name, ())}
        if shared:
            _share_out(options)
            given |= {"minutes": 0.0, "processes": 1}  # what is kept by now, which is only read
        for table in importlib.import_module(f"tests.benchmarks.{name}").tables(**given):
            print(json.dumps(table.as_json(), ensure_ascii=False) if options.json else table, flush=True)
            tables.append(table)
            if options.write:
                measured.write(name, tables)
    return 0


def _share_out(options: argparse.Namespace) -> None:
    """Have the draws of repair measured by others. Raises WirescopeError."""
    from core.sharded.executors import Workers
    from tests.benchmarks.shared_draws import measure

    measure(Workers(options.workers, options.cluster), options.short, options.minutes, options.rivals, options.levels)


if __name__ == "__main__":
    sys.exit(main())
