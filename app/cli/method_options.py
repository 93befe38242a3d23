"""Options of tracing methods on the command line, made from the table of methods. Imports no torch."""

from __future__ import annotations

import argparse
from dataclasses import asdict, fields

from app.cli.arguments import literal
from core.errors import ArgumentError
from core.tracing.method import METHODS, Method
from core.tracing.told_options import Options, option_fields

SHARED = ("seed",)  # of the command too, whatever the method


def add_method_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("options of methods", "`wirescope methods` says which takes which")
    for name, each in option_fields().items():
        if name not in SHARED:
            kind = type(each.default)
            words = literal(f"{each.metadata['words']} ({_usual(name)})")
            group.add_argument(f"--{name}", type=kind, metavar="N" if kind is int else "X", help=words)


def options_for(method: Method, given: argparse.Namespace) -> Options:
    """What the method is told. Raises ArgumentError for an option that it does not take, or an impossible value."""
    values = {name: getattr(given, name) for name in option_fields() if getattr(given, name) is not None}
    for name in values:
        if name not in method.options and name not in SHARED:
            takes = [f"--{each}" for each in method.options]
            hint = f"It takes {', '.join(takes)}." if takes else "It takes none."
            raise ArgumentError(f"{method.name} takes no --{name}.", hint)
    return Options(**values)


def option_words(method: Method, options: Options) -> str:
    """ "steps 5, seed 0"; empty for a method that takes none."""
    return ", ".join(f"{name} {value:g}" for name, value in asdict(options.of(method.takes)).items())


def _usual(name: str) -> str:
    """The value of an option where none is given: "5", or where methods differ "5 or 7, by the method"."""
    usual = dict.fromkeys(
        f"{f.default:g}" for method in METHODS.values() for f in fields(method.takes) if f.name == name
    )
    return " or ".join(usual) + (", by the method" if len(usual) > 1 else "")
