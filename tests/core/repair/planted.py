"""A planted model and its examples, for tests of repairs."""

from __future__ import annotations

from functools import cache

import wirescope as ws
from resources.models.planted.make import FOLDER
from tests.benchmarks.repair_cases import examples_of

MODEL = "trojan-tuned"


@cache
def planted() -> ws.Model:
    return ws.load_model(str(FOLDER / MODEL))


def examples(triggered: int = 8, clean: int = 24, seed: int = 1) -> tuple[list[ws.Example], list[ws.Example]]:
    return examples_of("trojan", triggered, clean, seed)
