"""The command line beside the window: a file a command, and the table of them.

Exit codes: 0 done, 2 bad arguments, 3 bad input or model, 130 interrupted. Results go to standard output,
everything else to standard error.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from types import ModuleType

from app.cli import (
    checkpoints,
    compare,
    detect,
    dissociate,
    evaluate,
    export,
    families,
    flip,
    heads,
    lens,
    map,
    methods,
    models,
    neurons,
    plan,
    plugins,
    probe,
    query,
    repair,
    run,
    serve,
    study,
    trace,
    watch,
)
from app.cli.arguments import MODEL_HELP, with_examples
from app.cli.open_model import take_classes, take_probe
from app.cli.output import tell, tell_error
from app.cli.plugins import NO_PLUGINS, NO_PLUGINS_HELP
from core.errors import Cancelled, WirescopeError

# By name. A command's file has WORDS, what it does; EXAMPLES of it; and add_options, which says what runs it.
_COMMANDS = (
    run, export, trace, evaluate, compare, dissociate, flip, lens, map, neurons, heads, repair, probe, detect, watch,
    study, checkpoints, plan, query, methods, models, families, plugins, serve,
)  # fmt: skip
COMMANDS: dict[str, ModuleType] = {module.__name__.rsplit(".", 1)[1]: module for module in _COMMANDS}


def window_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Arguments of `wirescope [MODEL]`."""
    listed = [f"  {name:<12}{each.WORDS}" for name, each in COMMANDS.items()]
    parser = argparse.ArgumentParser(
        prog="wirescope",
        description="A workbench for visual circuit tracing in transformers.",
        epilog="\n".join(
            ["in the terminal (each has its own --help):", *listed, "", "examples:", "  wirescope bundled:names"]
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", nargs="?", help=f"{MODEL_HELP}; or a project, FILE.wire")
    parser.add_argument(NO_PLUGINS, action="store_true", help=NO_PLUGINS_HELP)
    return parser.parse_args(list(arguments))


def command(arguments: Sequence[str]) -> int:
    """Run a command. Returns the exit code."""
    try:
        options = _parser(arguments[0]).parse_args(list(arguments))
        options.arguments = tuple(arguments)  # of a long run, which a window may start again with them
        take_classes(options)
        take_probe(options)
        result: int = options.do(options)
        return result
    except Cancelled:
        tell("Cancelled.")
        return 130
    except WirescopeError as error:
        return tell_error(error)


def _parser(asked: str) -> argparse.ArgumentParser:
    """asked: the command whose options are made. What they list is looked for in tables, and plugins are loaded for
    it, so the others are left."""
    parser = argparse.ArgumentParser(prog="wirescope")
    commands = parser.add_subparsers(required=True)
    for name, each in COMMANDS.items():
        one = commands.add_parser(name, help=each.WORDS, **with_examples(each.WORDS, each.EXAMPLES))
        if name == asked:
            each.add_options(one)
            one.add_argument(NO_PLUGINS, action="store_true", help=NO_PLUGINS_HELP)
    return parser
