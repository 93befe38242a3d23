"""`wirescope plugins`: what other packages add, and what of it does not work."""

from __future__ import annotations

import argparse

from app.cli.output import say, tell
from core import plugins
from core.errors import ArgumentError

NO_PLUGINS = "--no-plugins"
NO_PLUGINS_HELP = "load nothing that other packages add"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="show this one alone, and all of its error")
    parser.set_defaults(do=list_plugins)


def list_plugins(options: argparse.Namespace) -> int:
    found = plugins.plugins()
    if options.name is not None:
        named = [plugin for plugin in found if plugin.name == options.name]
        if not named:
            names = ", ".join(dict.fromkeys(plugin.name for plugin in found))
            raise ArgumentError(f"There is no plugin {options.name!r}.", f"There are: {names or 'none'}.")
        for plugin in named:
            say("\n".join(_lines(plugin)))
            say(plugin.traceback.rstrip() or "It works.")
        return 0
    for plugin in found:
        say("\n".join(_lines(plugin)))
    if not found:
        say("No other package adds anything.")
    if any(plugin.error for plugin in found):
        tell("\nSee all of an error with: wirescope plugins NAME")
    return 0


def _lines(plugin: plugins.Plugin) -> list[str]:
    """ "methods    short-edges   example of wirescope-example 1.0", or what is wrong in a line below."""
    rows = ", ".join(plugin.rows) or "left out"
    lines = [f"{plugin.group:<10} {rows:<20} {plugin.name} of {plugin.package} ({plugin.value})"]
    return [*lines, f"{'':<10} {plugin.error}"] if plugin.error else lines
