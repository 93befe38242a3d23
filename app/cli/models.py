"""`wirescope models`: the models that can be opened offline; model packs are got and removed."""

from __future__ import annotations

import argparse

from app.cli.output import say, tell
from app.cli.progress import Progress
from core.models import packs


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
