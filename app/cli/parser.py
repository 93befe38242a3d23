"""The command line beside the window: a file a command, and the table of them.

Exit codes: 0 done, 2 bad arguments, 3 bad input or model, 130 interrupted. Results go to standard output,
everything else to standard error.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.cli import compare, evaluate, export, families, methods, models, plugins, run, trace
from app.cli.arguments import MODEL_HELP
from app.cli.output import tell
from app.cli.plugins import NO_PLUGINS, NO_PLUGINS_HELP
from core.errors import ArgumentError, Cancelled, WirescopeError


@dataclass(frozen=True)
class Command:
    words: str
    add_options: Callable[[argparse.ArgumentParser], None]


COMMANDS = {
    "run": Command("print the predictions before and after edits", run.add_options),
    "export": Command("write the circuit as a figure, or as text for other programs", export.add_options),
    "trace": Command("score all edges by a method, on a task, a dataset or one pair", trace.add_options),
    "evaluate": Command("what the best edges of a trace recover, and how far to trust them", evaluate.add_options),
    "compare": Command("how far two traces agree", compare.add_options),
    "methods": Command("list the tracing methods, or explain one", methods.add_options),
    "models": Command("list the models that can be opened offline, or get a model pack", models.add_options),
    "families": Command("list the families of models that open, and what is refused", families.add_options),
    "plugins": Command("list what other packages add, and what of it does not work", plugins.add_options),
}


def window_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Arguments of `wirescope [MODEL]`."""
    listed = [f"  {name:<10}{each.words}" for name, each in COMMANDS.items()]
    parser = argparse.ArgumentParser(
        prog="wirescope",
        description="A workbench for visual circuit tracing in transformers.",
        epilog="\n".join(["in the terminal (each has its own --help):", *listed]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", nargs="?", help=MODEL_HELP)
    parser.add_argument(NO_PLUGINS, action="store_true", help=NO_PLUGINS_HELP)
    return parser.parse_args(list(arguments))


def command(arguments: Sequence[str]) -> int:
    """Run a command. Returns the exit code."""
    try:
        options = _parser(arguments[0]).parse_args(list(arguments))
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


def _parser(asked: str) -> argparse.ArgumentParser:
    """asked: the command whose options are made. What they list is looked for in tables, and plugins are loaded for
    it, so the others are left."""
    parser = argparse.ArgumentParser(prog="wirescope")
    commands = parser.add_subparsers(required=True)
    for name, each in COMMANDS.items():
        one = commands.add_parser(name, help=each.words)
        if name == asked:
            each.add_options(one)
            one.add_argument(NO_PLUGINS, action="store_true", help=NO_PLUGINS_HELP)
    return parser
