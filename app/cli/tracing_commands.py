"""The commands about tracing, each in a file of its own: find circuits, say how far to trust them, compare two."""

from __future__ import annotations

from typing import Any

from app.cli import compare, evaluate, methods, trace

COMMANDS = {
    "trace": "score all edges by a method, on a task, a dataset or one pair",
    "evaluate": "what the best edges of a trace recover, and how far to trust them",
    "compare": "how far two traces agree",
    "methods": "list the tracing methods, or explain one",
}


def add_tracing_commands(commands: Any, model_help: str, metric_help: str) -> None:
    trace.add_options(commands.add_parser("trace", help=COMMANDS["trace"]), model_help, metric_help)
    evaluate.add_options(commands.add_parser("evaluate", help=COMMANDS["evaluate"]), model_help)
    compare.add_options(commands.add_parser("compare", help=COMMANDS["compare"]))
    methods.add_options(commands.add_parser("methods", help=COMMANDS["methods"]))
