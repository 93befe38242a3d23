"""`wirescope plugins`: what other packages add, and what of it does not work."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from app.cli.output import say, tell
from app.cli.tables import aligned
from core import plugins
from core.errors import ArgumentError

NO_PLUGINS = "--no-plugins"
NO_PLUGINS_HELP = "load nothing that other packages add"


WORDS = "list what other packages add, and what of it does not work"
EXAMPLES = """
wirescope plugins
wirescope plugins --no-plugins
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="show this one alone, and all of its error")
    parser.set_defaults(do=list_plugins)


def list_plugins(options: argparse.Namespace) -> int:
    entries = plugins.plugins()
    if options.name is not None:
        named = [plugin for plugin in entries if plugin.name == options.name]
        if not named:
            names = ", ".join(dict.fromkeys(plugin.name for plugin in entries))
            raise ArgumentError(f"There is no plugin {options.name!r}.", f"There are: {names or 'none'}.")
        for plugin in named:
            say(_table([plugin]))
            say(plugin.traceback.rstrip() or "It works.")
        return 0
    none = "Nothing that other packages add is loaded." if plugins.forbidden() else "No other package adds anything."
    say(_table(entries) or none)
    if any(plugin.error for plugin in entries):
        tell("\nSee all of an error with: wirescope plugins NAME")
    return 0


def _table(entries: Iterable[plugins.Plugin]) -> str:
    """ "methods  short-edges  example of wirescope-example 1.0", and what is wrong in a line below."""
    rows = []
    for plugin in entries:
        about = f"{plugin.name} of {plugin.package} ({plugin.value})"
        rows.append((plugin.group, ", ".join(plugin.rows) or "left out", about))
        rows += [("", "", plugin.error)] if plugin.error else []
    return "\n".join(aligned(rows))
