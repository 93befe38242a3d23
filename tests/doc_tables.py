"""`make tables`: the lists in resources/docs that are made from the program's own tables, written on their places."""

from __future__ import annotations

import sys
from collections.abc import Callable

from core.models.pack import PACKS
from tests.benchmarks.measured import ROOT, filled


def packs() -> str:
    """A row a pack that is ours; what plugins add on this machine is none of the page's."""
    heads = ("pack", "model", "licence", "download")
    rows = [
        (f"`pack:{pack.name}`", pack.title, pack.licence, f"{pack.download_bytes / 1e6:.0f} MB")
        for pack in PACKS.values()
    ]
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


PLACES: tuple[tuple[str, str, Callable[[], str]], ...] = (("resources/docs/models.md", "packs", packs),)
"""A page, the name of the place on it, and what stands there."""


def main() -> int:
    """Write them."""
    for page, name, made in PLACES:
        path = ROOT / page
        path.write_text(filled(path.read_text(encoding="utf-8"), name, made()), encoding="utf-8")
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
