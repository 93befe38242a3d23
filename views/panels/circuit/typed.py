"""What is typed into the fields of the strip under the canvas: a number of edges, a share of the behaviour."""

from __future__ import annotations

import re

AT_LEAST = re.compile(r"\s*(at\s+least|≥|>=?)\s*", re.IGNORECASE)


def parse_size(text: str, edges: int) -> int | None:
    """A number of edges as typed: `214`, `1,413`, `2 %`, `2 % of edges`. None for anything else, and for more than
    there are."""
    plain = re.sub(r"[\s,'\u2009\u202f]", "", text)
    plain = re.sub(r"(of(all)?(the)?)?edges?$", "", plain, flags=re.IGNORECASE)
    if re.fullmatch(r"\d+", plain):
        size = int(plain)
        return size if size <= edges else None
    share = re.fullmatch(r"(\d+(?:\.\d+)?)%", plain)
    if share and float(share[1]) <= 100:
        return round(float(share[1]) / 100 * edges)
    return None


def parse_share(text: str) -> float | None:
    """A share of the behaviour as typed: `80`, `80 %`, `at least 80 %`, `≥ 80 %`. None for anything else, and for what
    is not from 1 % to 100 %."""
    plain = re.sub(r"\s", "", AT_LEAST.sub("", text, count=1)).replace(",", ".")
    share = re.fullmatch(r"(\d+(?:\.\d+)?)%?", plain)
    return float(share[1]) / 100 if share and 1 <= float(share[1]) <= 100 else None
