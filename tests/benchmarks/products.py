"""A product with a weight that is not in the processor's cache: PyTorch's own, by oneDNN, and with packed weights."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F

from core.models.products import Products
from tests.benchmarks.table import Table

WEIGHTS = 12  # of one form, in turn
ROUNDS = 5
FORMS = (
    ("GPT-2 small's first MLP weight", 768, 3072, True, (15, 127)),
    ("SmolLM2's gate", 576, 1536, False, (5, 14)),
    ("DINOv2-small's first MLP weight", 384, 1536, False, (257, 771)),
)  # in, out, whether it is stored as [in, out], rows


def products() -> Table:
    """Milliseconds of processor time, medians."""
    rows = []
    for name, size_in, size_out, turned, counts in FORMS:
        weights = [torch.randn(size_in, size_out).T if turned else torch.randn(size_out, size_in)]
        weights += [weights[0].clone(memory_format=torch.preserve_format) for _ in range(WEIGHTS - 1)]
        plain, packed = Products(), Products()
        with torch.no_grad():
            packed.pack(weights)
            for count in counts:
                x = torch.randn(count, size_in)
                took = [_took(multiply, x, weights) for multiply in (F.linear, plain.linear, packed.linear)]
                rows.append([name, str(count), *(f"{each:.2f} ms" for each in took), f"{took[2] / took[0]:.2f}"])
    heads = ("weight", "rows", "PyTorch's own", "oneDNN", "packed", "packed / own")
    return Table("Products with weights that come from memory", heads, rows)


def _took(multiply: Callable[..., torch.Tensor], x: torch.Tensor, weights: list[torch.Tensor]) -> float:
    multiply(x, weights[0])
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for weight in weights:
            multiply(x, weight)
        rounds.append((time.process_time() - started) * 1000 / len(weights))
    return statistics.median(rounds)
