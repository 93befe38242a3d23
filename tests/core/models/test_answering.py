"""A model that gives the logits of some answers alone gives those that it gives among all."""

from __future__ import annotations

import pytest
import torch

import wirescope as ws
from tests.core.engine.cases import case
from tests.small_models import TEXT


@pytest.mark.parametrize("family", TEXT)
def test_some_answers_are_as_among_all(family: str) -> None:
    setup = case(family, batch=2)
    adapter = setup.model.adapter
    stream = torch.randn(2, 1, adapter.shape.width, dtype=adapter.dtype, generator=torch.Generator().manual_seed(0))
    some = adapter.answering([5, 2, 7])
    if adapter.shape.output_kind != "next token":
        assert some is None
        return
    assert some is not None
    with torch.no_grad():
        assert torch.allclose(some.read(stream), adapter.read(stream)[..., [5, 2, 7]], rtol=0, atol=1e-12)
        for metric in (ws.logit_difference([5, 2], [2, 7]), ws.class_logit(7)):
            bound = ws.Session(setup.model, setup.pair, metric).metric
            few = bound.of_few_answers()
            assert few is not None
            answers, read = few
            narrow = adapter.answering(answers)
            assert narrow is not None
            assert torch.allclose(read(narrow.read(stream)[:, -1]), bound(adapter.read(stream)[:, -1]), atol=1e-12)
            assert len(answers) < 4


def test_what_reads_all_logits_has_no_few() -> None:
    setup = case("gpt2")
    for metric in (ws.kl(), ws.log_probability(3), ws.probability(3)):
        assert ws.Session(setup.model, setup.pair, metric).metric.of_few_answers() is None
