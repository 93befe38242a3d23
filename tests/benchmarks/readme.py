"""The measured tables in README: `python -m tests.benchmarks PART --readme` puts those of a part in their place there,
instead of the ones before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.table import Table

README = Path(__file__).resolve().parents[2] / "README.md"


def has_place(part: str, text: str) -> bool:
    return _place(part).search(text) is not None


def with_tables(text: str, part: str, tables: Sequence[Table]) -> str:
    """README with a part's tables. Raises ValueError where there is no place for them."""
    if not has_place(part, text):
        raise ValueError(f"README has no place for the tables of {part!r}.")
    written = "\n\n".join(table.as_markdown() for table in tables)
    return _place(part).sub(lambda found: f"{found[1]}\n{written}\n{found[2]}", text)


def _place(part: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- measured: {part} -->).*?(<!-- end -->)", re.DOTALL)
