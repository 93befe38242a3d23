"""`wirescope models`: the models that can be opened offline; model packs are got and removed."""

from __future__ import annotations

import argparse

from app.cli.arguments import literal, with_examples
from app.cli.output import say, tell
from app.cli.progress import Progress
from app.cli.tables import aligned
from core.models import packs

WORDS = "list the models that can be opened offline, or get a model pack"
EXAMPLES = """
wirescope models
wirescope models get smollm2
"""
GET, REMOVE = "download and install a model pack", "remove an installed model pack"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(do=list_models)
    actions = parser.add_subparsers()
    get = actions.add_parser("get", help=GET, **with_examples(GET, "wirescope models get smollm2"))
    get.add_argument("name", help=literal(", ".join(packs.PACKS)))
    get.set_defaults(do=get_pack)
    remove = actions.add_parser("remove", help=REMOVE, **with_examples(REMOVE, "wirescope models remove smollm2"))
    remove.add_argument("name", help=literal(", ".join(packs.PACKS)))
    remove.set_defaults(do=remove_pack)


def list_models(_options: argparse.Namespace) -> int:
    from core.models.bundled import bundled_models

    rows: list[tuple[str, ...]] = [(f"bundled:{name}", "bundled") for name in bundled_models()]
    for pack in packs.PACKS.values():
        where = "installed" if packs.is_installed(pack.name) else f"{pack.download_bytes / 1e6:.0f} MB to download"
        rows.append((f"pack:{pack.name}", where, f"{pack.title} ({pack.licence})"))
    say("\n".join(aligned(rows)))
    tell("\nGet a pack with: wirescope models get NAME")
    return 0


def get_pack(options: argparse.Namespace) -> int:
    with Progress() as progress:
        folder = packs.get(options.name, progress.count)
    say(f"pack:{options.name} is installed in {folder}")
    return 0


def remove_pack(options: argparse.Namespace) -> int:
    packs.remove(options.name)
    say(f"pack:{options.name} is removed")
    return 0
