"""The first attention that edits change computes its edited ports and their heads alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import wirescope as ws
from core.engine.layer import LayerMath
from core.engine.run import Pass
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


def test_a_scan_without_standing_edits_holds_one_layer_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that comes reads more; what its output reads is held to the end. Under edits that stand all is kept."""
    held: list[tuple[int, int]] = []
    usual = Pass.run

    def run(self: Pass, stage: int, *arguments: object) -> int:
        first = usual(self, stage, *arguments)  # type: ignore[arg-type]
        if self.variants is not None:
            made = [*self.state.q, *self.state.z, *self.state.attention_in, *self.state.mlp_out]
            held.append((sum(each.numel() > 0 for each in made), len(made)))
        return first

    monkeypatch.setattr(Pass, "run", run)
    session = case("dinov2").session()
    edges = ["input->a0.h0<q>", "input->a0.h1<q>"]
    scans = [ws.Scan(session, edges), ws.Scan(session, edges, edits=[ws.Edit("a0.h0->a1.h1<v>", "patch")])]
    effects = [scan.run() for scan in scans]
    assert held[0] == (0, held[0][1])
    assert held[1][0] == held[1][1] > 0
    expected = [float(session.run([ws.Edit(edge, "patch")]).metric - session.run().metric) for edge in edges]
    assert np.abs(effects[0] - expected).max() <= TOLERANCE
