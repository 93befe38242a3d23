"""Which families of models the usual run takes: all of them, and of their variants each test another third.

A variant is a family with one option more (`llama-grouped` beside `llama`). Some forty tests go over all of them, and
nearly all of a variant's code is its family's; so each variant stands in about a third of the tests of the usual run;
`--all-families` takes all.
"""

from __future__ import annotations

import zlib

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--all-families"):
        return
    from tests.core.engine.cases import variant  # which imports torch

    left = [item for item in items if _is_another_tests(item) and variant(item.callspec.params["family"])]  # type: ignore[attr-defined]
    if left:
        config.hook.pytest_deselected(items=left)
        skipped = set(left)
        items[:] = [item for item in items if item not in skipped]


def _is_another_tests(item: pytest.Item) -> bool:
    family = getattr(item, "callspec", None) and item.callspec.params.get("family")  # type: ignore[attr-defined]
    if not isinstance(family, str):
        return False
    of = f"{item.path.name}::{item.originalname}:{family}"  # type: ignore[attr-defined]
    return bool(zlib.crc32(of.encode()) % 3)
