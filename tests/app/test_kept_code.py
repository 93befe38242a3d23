"""The program bounds how much code of products is kept; a notebook that imports Wirescope is left as it is."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from core.models import products
from core.models.kept_code import KEPT_CODE, VARIABLES

GROWTH = """
import os, sys, psutil, torch
from app.__main__ import main
torch.set_num_threads(1)
if sys.argv[1] == "program":
    main(["models"])
else:
    import wirescope
product = torch.ops.mkldnn._linear_pointwise.default
weight, rows = torch.ones(256, 256), torch.ones(200, 256)
resident = lambda: psutil.Process().memory_info().rss
product(rows, weight, None, "none", [], "")
before = resident()
for count in range(2, 200):
    product(rows[:count], weight, None, "none", [], "")
print(resident() - before, *(os.environ.get(each) for each in sys.argv[2:]))
"""


def growth(who: str, **environment: str) -> tuple[int, list[str]]:
    """Of the memory of a process, by products with as many rows as are in no two of them, and what it has of the
    variables."""
    plain = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    command = [sys.executable, "-c", GROWTH, who, *VARIABLES]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=plain | environment)
    grown, *told = done.stdout.splitlines()[-1].split()
    return int(grown), told


@pytest.mark.skipif(not products._available(), reason="this PyTorch has no oneDNN for x86")
def test_the_program_keeps_little_code_and_a_notebook_is_left_alone() -> None:
    grown, told = growth("program")
    assert told == [str(KEPT_CODE)] * 2
    as_it_was, told = growth("notebook")
    assert told == ["None", "None"]
    assert grown < as_it_was / 2
    assert growth("program", LRU_CACHE_CAPACITY="7")[1] == [str(KEPT_CODE), "7"]
