"""The first attention that edits change computes its edited ports and their heads alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

import wirescope as ws
from core.engine.layer import LayerMath
from tests.core.engine.cases import TOLERANCE, case


def counted(monkeypatch: pytest.MonkeyPatch, work: Callable[[], Any]) -> tuple[list[int], Any]:
    """How many ports each projection of some work is for."""
    seen, project = [], LayerMath.project

    def counting(self: LayerMath, *arguments: Any) -> torch.Tensor:
        projected = project(self, *arguments)
        seen.append(projected.shape[2])
        return projected

    monkeypatch.setattr(LayerMath, "project", counting)
    return seen, work()


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gpt-oss", "timm-vit"])
@pytest.mark.parametrize("kind", ["q", "k", "v"])
def test_an_edited_port_alone_is_projected(family: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    setup = case(family)
    session = setup.session()
    reader = next(r for r in session.graph.readers if (r.layer, r.kind) == (1, kind))
    edits = [ws.Edit(f"m0->{reader.name}", "zero")]
    expected = setup.answer(setup.oracle.run(edits))
    session.run()
    seen, result = counted(monkeypatch, lambda: session.run(edits))
    assert (result.answer - expected).abs().max() <= TOLERANCE
    assert seen[0] == 1


def test_a_scan_before_standing_edits_computes_their_attention_whole() -> None:
    session = case("gpt2").session()
    standing = [ws.Edit("m0->a2.h1<v>", "zero"), ws.Edit("a1.h3", "scale", value=0.5)]
    targets = ["input->a0.h2<v>", "input->m0", "m0->a1.h3<q>", "a1.h3"]
    without = float(session.run(standing).metric.mean())
    one_by_one = [float(session.run([*standing, ws.Edit(t, "zero")]).metric.mean()) - without for t in targets]
    effects = ws.Scan(session, targets, "zero", edits=standing).run()
    assert effects == pytest.approx(one_by_one, abs=TOLERANCE)
    assert all(effects)
