"""`wirescope methods`: the table of tracing methods, or one explained."""

from __future__ import annotations

import argparse
from dataclasses import fields

from app.cli.output import say
from app.cli.tables import aligned
from core.tracing.method import METHODS, Method, method_named

WORDS = "list the tracing methods, or explain one"
EXAMPLES = """
wirescope methods
wirescope methods eap-ig
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="explain this one: its steps, source, cost and limits")
    parser.set_defaults(do=methods)


def methods(options: argparse.Namespace) -> int:
    if options.name:
        method = method_named(options.name)
        say(f"{method.about}\n\n{_limits(method)}")
        rows = [(f"  --{each.name}", f"{each.metadata['words']} ({each.default:g})") for each in fields(method.takes)]
        if rows:
            say("\n".join(aligned(rows)))
        return 0
    rows = []
    for method in METHODS.values():
        rows.append((method.name, f"{method.title}: {method.words}"))
        takes = ", ".join(f"--{name}" for name in method.options) or "none"
        rows.append(("", f"{_limits(method)}; options: {takes}"))
    say("\n".join([*aligned(rows), "", "Explain one with: wirescope methods NAME"]))
    return 0


def _limits(method: Method) -> str:
    """What it scores and needs: "edges, nodes; needs B"."""
    parts = [", ".join(method.levels)]
    parts += ["needs B"] if method.needs_counterfactual else []
    parts += ["language models only"] if method.text_only else []
    parts += [f"scores are {method.meaning.words}"] if method.meaning.words else []
    return "; ".join(parts)
