"""Multiplications by the sizes of a model, against those that torch counts in its own forward."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from core.errors import ArgumentError
from core.graph import Reader
from core.models.family import adapt
from core.planning.arithmetic import Arithmetic
from core.planning.plan import plan
from core.planning.sketch import sketch
from tests.small_models import small_input, small_model

CONVOLUTION = torch.ops.aten.convolution


@pytest.mark.parametrize("family", ["gpt2", "llama", "gpt-neox", "mixtral", "qwen2-moe", "gemma2", "dinov2", "vit"])
def test_a_forward_is_counted_as_torch_counts_it(family: str) -> None:
    module = small_model(family)
    if hasattr(module, "config"):
        module.config._attn_implementation = "eager"
    adapter, ids = adapt(module), small_input(family, 0)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        adapter.own_forward(ids)
    counts = counter.get_flop_counts()["Global"]
    products = sum(count for operator, count in counts.items() if operator != CONVOLUTION) / 2
    length = adapter.embed(ids).shape[1]
    shape = adapter.shape
    hidden = length**2 * shape.head_width * shape.heads * shape.layers if shape.causal else 0  # torch multiplies all
    counted = Arithmetic(adapter, length, None).forward.multiplications + hidden
    assert counted == pytest.approx(products, rel=0.02)


def test_a_scan_is_the_sum_over_all_edges() -> None:
    counted = Arithmetic(sketch("bundled:names").adapter, 12)
    every = sum(counted.scanned(edge.reader).multiplications for edge in counted.graph.edges)
    assert counted.scan.multiplications == pytest.approx(every)
    assert counted.toggled(Reader("logits")).multiplications == 0


def test_a_plan_needs_no_weights_and_says_what_does_not_fit() -> None:
    planned = plan(sketch("sizes:llama-3-70b", "bf16"), 128, measure=False)
    assert planned.weights == 2 * planned.parameters
    assert planned.edges == 16_654_201
    assert [need.seconds for need in planned.needs] == [None] * 4
    assert planned.most_bytes > planned.weights
    twice = plan(sketch("sizes:llama-3-70b", "bf16"), 128, pairs=2, measure=False)
    assert twice.needs[2].multiplications == 2 * planned.needs[2].multiplications


def test_what_a_and_b_have_in_common_is_not_run_again() -> None:
    """A cut and a trace begin behind it; a session still runs all of A."""
    drawn = sketch("sizes:gpt2-small")
    opened, cut, traced, scanned = (
        [getattr(plan(drawn, 16, method="eap", same=same, measure=False).needs[number], what) for same in (0, 12)]
        for number, what in ((0, "multiplications"), (1, "multiplications"), (2, "bytes"), (3, "multiplications"))
    )
    assert cut[1] == pytest.approx(cut[0] * 4 / 16, rel=0.1)
    assert scanned[1] < scanned[0] / 3
    assert traced[1] < traced[0]
    assert opened[0] * 2 / 3 < opened[1] < opened[0]
    pictures = sketch("bundled:shapes")
    assert plan(pictures, same=3, measure=False).needs[1] == plan(pictures, measure=False).needs[1]


def test_a_method_without_gradients_holds_none() -> None:
    drawn = sketch("sizes:gpt2-small")
    random, eap, scan = (
        plan(drawn, 64, method=method, measure=False).needs[2].bytes for method in ("random", "eap", "exact-scan")
    )
    assert random < eap / 2
    assert scan == plan(drawn, 64, measure=False).needs[3].bytes


def test_what_some_layers_take_is_scaled_to_all() -> None:
    planned = plan(sketch("bundled:names"), 8, method="eap")
    assert all(need.seconds is not None and need.seconds > 0 for need in planned.needs)


@pytest.mark.parametrize(
    ("source", "tokens", "options", "words"),
    [
        ("bundled:names", 1, {}, "too few for an input"),
        ("bundled:names", 100_000, {}, "tokens at most"),
        ("bundled:shapes", 8, {}, "takes pictures"),
        ("bundled:names", 8, {"pairs": 0}, "0 pairs"),
        ("bundled:names", 8, {"same": 8}, "cannot have 8 the same"),
        ("bundled:names", 8, {"method": "guess"}, "tracing method"),
    ],
)
def test_work_that_there_cannot_be(source: str, tokens: int, options: dict[str, object], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        plan(sketch(source), tokens, measure=False, **options)  # type: ignore[arg-type]
