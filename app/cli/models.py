"""`wirescope models`: the models that can be opened offline; model packs are got and removed."""

from __future__ import annotations

import argparse

from app.cli.arguments import literal
from app.cli.output import say, tell
from app.cli.progress import Progress
from core.models import packs


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(do=list_models)
    actions = parser.add_subparsers()
    get = actions.add_parser("get", help="download and install a model pack")
    get.add_argument("name", help=literal(", ".join(packs.PACKS)))
    get.set_defaults(do=get_pack)
    remove = actions.add_parser("remove", help="remove an installed model pack")
    remove.add_argument("name", help=literal(", ".join(packs.PACKS)))
    remove.set_defaults(do=remove_pack)


def list_models(_options: argparse.Namespace) -> int:
    from core.models.bundled import bundled_models

    for name in bundled_models():
        say(f"bundled:{name:<20} bundled")
    for pack in packs.PACKS.values():
        where = "installed" if packs.is_installed(pack.name) else f"{pack.download_bytes / 1e6:.0f} MB to download"
        say(f"pack:{pack.name:<23} {where:<20} {pack.title} ({pack.licence})")
    tell("\nGet a pack with: wirescope models get NAME")
    return 0


def get_pack(options: argparse.Namespace) -> int:
    shown = Progress()
    try:
        folder = packs.get(options.name, shown.show)
    finally:
        shown.end()
    say(f"pack:{options.name} is installed in {folder}")
    return 0


def remove_pack(options: argparse.Namespace) -> int:
    packs.remove(options.name)
    say(f"pack:{options.name} is removed")
    return 0
