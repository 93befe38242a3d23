"""The command line: `run`, `export`, `models` and `families`, beside the window.

Exit codes: 0 done, 2 bad arguments, 3 bad input or model, 130 interrupted. Results go to standard output,
everything else to standard error.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from app.cli.arguments import DATASET_HELP, METRIC_HELP, MODEL_HELP
from app.cli.export import export_command
from app.cli.families import list_families
from app.cli.models import get_pack, list_models, remove_pack
from app.cli.output import tell
from app.cli.run import add_run_options, run_command
from app.cli.tracing_commands import COMMANDS as TRACING_COMMANDS
from app.cli.tracing_commands import add_tracing_commands
from core.errors import ArgumentError, Cancelled, WirescopeError
from core.models import packs

COMMANDS = {
    "run": "print the predictions before and after edits",
    "export": "write the circuit as a figure or as JSON",
    **TRACING_COMMANDS,
    "models": "list the models that can be opened offline, or get a model pack",
    "families": "list the families of models that open, and what is refused",
}


def window_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Arguments of `wirescope [MODEL]`."""
    parser = argparse.ArgumentParser(
        prog="wirescope",
        description="A workbench for visual circuit tracing in transformers.",
        epilog="in the terminal (each has its own --help):\n" + "\n".join(f"  {x:<10}{y}" for x, y in COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", nargs="?", help=MODEL_HELP)
    return parser.parse_args(list(arguments))


def command(arguments: Sequence[str]) -> int:
    """Run a command. Returns the exit code."""
    options = _parser().parse_args(list(arguments))
    try:
        result: int = options.do(options)
        return result
    except ArgumentError as error:
        return _fail(error, 2)
    except Cancelled:
        tell("Cancelled.")
        return 130
    except WirescopeError as error:
        return _fail(error, 3)


def _fail(error: WirescopeError, code: int) -> int:
    tell(f"wirescope: {error.message}")
    if error.hint:
        tell(f"  {error.hint}")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wirescope")
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help=COMMANDS["run"])
    add_run_options(run)
    run.add_argument("--json", action="store_true", help="print JSON")
    run.add_argument("--device", default="cpu", help="cpu, cuda or mps (cpu)")
    run.add_argument("--frozen-norms", action="store_true", help="norms keep the scales of the run without edits")
    run.add_argument("--dataset", metavar="FILE", help=DATASET_HELP)
    run.set_defaults(do=run_command)
    export = commands.add_parser("export", help=COMMANDS["export"])
    add_run_options(export)
    export.add_argument("--format", choices=("svg", "pdf", "png", "json"), required=True)
    export.add_argument("--out", help="the file to write (default: circuit.FORMAT; exported-circuit.json)")
    export.add_argument("--scale", type=int, choices=(1, 2, 4), default=1, help="of a PNG")
    export.add_argument("--edges", type=int, default=48, help="how many of the strongest edges to show (48)")
    export.add_argument("--theme", choices=("light", "dark"), default="light")
    export.set_defaults(do=export_command)
    models = commands.add_parser("models", help=COMMANDS["models"])
    models.set_defaults(do=list_models)
    actions = models.add_subparsers()
    get = actions.add_parser("get", help="download and install a model pack")
    get.add_argument("name", help=", ".join(packs.PACKS))
    get.set_defaults(do=get_pack)
    remove = actions.add_parser("remove", help="remove an installed model pack")
    remove.add_argument("name", help=", ".join(packs.PACKS))
    remove.set_defaults(do=remove_pack)
    add_tracing_commands(commands, MODEL_HELP, METRIC_HELP)
    families = commands.add_parser("families", help=COMMANDS["families"])
    families.set_defaults(do=list_families)
    return parser
