"""CLIP and SigLIP with both towers in one graph: beside the library's own class, and beside an oracle of each tower."""

from __future__ import annotations

import random
from copy import copy
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from torch import Tensor, nn
from torch.nn import functional

import wirescope as ws
from core.downstream import downstream
from core.errors import ArgumentError, EditError, InputError
from core.evaluation.share_slopes import slopes_of_shares
from core.lens.paths import Paths
from core.project.target_names import target_named
from core.scan import Scan
from core.towers_graph import plain, tower_of
from tests.core.engine.cases import TOLERANCE, random_edit, random_targets
from tests.core.models.test_zero_shot import Both, ids, pixels
from tests.oracle import Oracle
from tests.oracle_units import UnitOracle
from tests.pattern_oracle import PatternOracle
from tests.small_models import keep_precision, save_pair

CLASSES = ("Mary", "a drink", "the store")
TEMPLATES = ("{}, gave", "a {}")
KINDS = ("CLIP", "Siglip")
METRIC = ws.logit_difference("Mary", "a drink")


@dataclass(frozen=True)
class Towers:
    pair: Any
    model: Any
    session: Any
    oracles: tuple[Oracle, Oracle]  # of pictures, of sentences

    def expected(self, edits: list[ws.Edit]) -> Tensor:
        """Logits [batch, class]: each tower with its own edits by the oracle, and the library's formula."""
        own = tuple(
            [ws.Edit(plain(target), e.kind, e.positions, e.value, e.strength, e.seed)
             for e in edits if tower_of(target := self.model.graph.parse(e.target)) == number]
            for number in (0, 1)
        )  # fmt: skip
        image, text = (oracle.run(of) for oracle, of in zip(self.oracles, own, strict=True))
        if text.ndim == 3:
            reads = self.session.text.engine.reads[:, :, None].expand(-1, -1, text.shape[-1])
            text = text.gather(1, reads)[:, 0]
        vectors = functional.normalize(text, dim=-1).reshape(len(CLASSES), len(TEMPLATES), -1).mean(1)
        logits = functional.normalize(image, dim=-1) @ functional.normalize(vectors, dim=-1).T
        logits = logits * self.pair.logit_scale.exp()
        return (logits + self.pair.logit_bias if hasattr(self.pair, "logit_bias") else logits).detach()


@cache
def towers(kind: str) -> Towers:
    with TemporaryDirectory() as folder:
        pair: Any = keep_precision(save_pair(kind, Path(folder)).double())
        model: Any = ws.load_model((pair, Both(Path(folder))), classes=CLASSES, templates=TEMPLATES, towers=True)
    a, b = pixels(0, 2), pixels(1, 2)
    session = ws.Session(model, model.pair(a, b), METRIC)
    sentences = model.sentences.clean
    text = Oracle(_alone(pair, kind, "Text"), sentences.tensor, sentences.tensor, sentences.lengths)
    return Towers(pair, model, session, (Oracle(_alone(pair, kind, "Vision"), a, b), text))


def _alone(pair: Any, kind: str, tower: str) -> nn.Module:
    """The library's class for one tower, with the pair's weights."""
    config = pair.config.text_config if tower == "Text" else pair.config.vision_config
    if kind == "CLIP":
        config.projection_dim = pair.config.projection_dim
    alone: Any = getattr(transformers, f"{kind}{tower}Model{'WithProjection' if kind == 'CLIP' else ''}")(config)
    stored, found = pair.state_dict(), alone.state_dict()
    found = {name: stored.get(name, stored.get(f"{tower.lower()}_model.{name}")) for name in found}
    alone.load_state_dict(found)
    return keep_precision(alone.double().eval())


@pytest.mark.parametrize("kind", KINDS)
def test_the_whole_gives_what_the_library_gives(kind: str, tmp_path: Path) -> None:
    pair: Any = keep_precision(save_pair(kind, tmp_path).double())
    model: Any = ws.load_model((pair, Both(tmp_path)), classes=CLASSES, templates=TEMPLATES[0], towers=True)
    session = ws.Session(model, model.pair(pixels(0, 2), pixels(1, 2)), METRIC)
    for result, x in ((session.clean, pixels(0, 2)), (session.counterfactual, pixels(1, 2))):
        with torch.no_grad():
            expected = pair(input_ids=ids(tmp_path, kind), pixel_values=x).logits_per_image
        assert result is not None
        assert (result.answer - expected).abs().max() <= TOLERANCE
        assert result.metric.tolist() == pytest.approx((expected[:, 0] - expected[:, 1]).tolist(), abs=TOLERANCE)
    assert session.parity.difference <= TOLERANCE
    assert [row.label for row in session.clean.top(3)] != []
    assert model.name.startswith("towers:")


@pytest.mark.parametrize("kind", KINDS)
def test_each_tower_is_the_sum_of_what_its_nodes_write(kind: str) -> None:
    for tower in towers(kind).session.towers:
        state, adapter = tower.run(positions="all").state, tower.model.adapter
        total = sum(state.out(adapter, node) for node in adapter.graph.writers)
        total = total + sum(weights.b_o for weights in adapter.attention if weights.b_o is not None)
        assert (total - state.final).abs().max() <= TOLERANCE


@pytest.mark.parametrize("kind", KINDS)
def test_edits_in_both_towers_do_what_the_oracle_does(kind: str) -> None:
    case, rng = towers(kind), random.Random(3)
    graph = case.model.graph
    kinds = ("patch", "zero", "mean", "scale", "steer")
    towers_seen = set()
    for draw in range(10):
        names = [name for name in random_targets(rng, graph, 4) if name != "->logits"]
        edits = [_without_roles(random_edit(rng, name, 3, kinds)) for name in names]
        towers_seen |= {(draw, tower_of(graph.parse(edit.target))) for edit in edits}
        result = case.session.run(edits)
        expected = case.expected(edits)
        assert (result.answer - expected).abs().max() <= TOLERANCE, edits
        assert (result.image.answer - expected).abs().max() <= TOLERANCE  # as the lenses of the vision tower see it
        assert result.metric.tolist() == pytest.approx((expected[:, 0] - expected[:, 1]).tolist(), abs=TOLERANCE)
    assert sum((draw, 0) in towers_seen and (draw, 1) in towers_seen for draw in range(10)) >= 3  # in one run
    assert case.session.run().metric.tolist() == case.session.clean.metric.tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_neurons_of_both_towers(kind: str) -> None:
    case = towers(kind)
    b = pixels(1, 2), case.model.sentences.clean.tensor
    oracles = tuple(UnitOracle.beside(oracle, other) for oracle, other in zip(case.oracles, b, strict=True))
    edits = [ws.Edit("m1.n3", "patch"), ws.Edit("t.m0.n2", "scale", value=-3.0), ws.Edit("m0", "zero", positions=[0])]
    expected = replace(case, oracles=oracles).expected(edits)
    assert (case.session.run(edits).answer - expected).abs().max() <= TOLERANCE
    assert (case.session.run(edits[2:]).answer - expected).abs().max() > 1e-6


def _without_roles(edit: ws.Edit) -> ws.Edit:
    numbers = [place for place in edit.positions or () if isinstance(place, int)]
    return replace(edit, positions=numbers or None)


@pytest.mark.parametrize("kind", KINDS)
def test_one_list_of_exact_effects_over_both(kind: str) -> None:
    case = towers(kind)
    graph, session = case.model.graph, case.session
    scores = ws.trace(session, "exact-scan", replacement="mean")
    assert np.isfinite(scores.values).all()
    clean = float(session.clean.metric.mean())
    for number in range(0, graph.n_edges, 17):
        expected = case.expected([ws.Edit(graph.edge(number).name, "mean")])
        effect = float((expected[:, 0] - expected[:, 1]).mean()) - clean
        assert -scores.values[number] == pytest.approx(effect, abs=TOLERANCE)
    assert {tower_of(edge) for edge in scores.top(40)} == {0, 1}
    # Effects of other edits while some stand in the other tower.
    standing = [ws.Edit("t.a0.h1", "zero"), ws.Edit("m1", "mean")]
    targets = ["a0.h2->m1", "t.input->t.m0", "t.m1->logits"]
    effects = Scan(session, targets, "zero", edits=standing).run()
    assert Scan(session, []).run().shape == (0,)
    before = float(session.run(standing).metric.mean())
    for target, effect in zip(targets, effects, strict=True):
        after = float(session.run([*standing, ws.Edit(target, "zero")]).metric.mean())
        assert effect == pytest.approx(after - before, abs=TOLERANCE)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_the_slopes_of_the_whole(kind: str) -> None:
    """Of every edge in either tower: the estimate is what a very small edit does, per strength."""
    session = towers(kind).session
    scores = ws.trace(session, "eap", replacement="zero")
    clean, strength = float(session.clean.metric.mean()), 1e-6
    for number in range(0, session.graph.n_edges, 23):
        edit = ws.Edit(session.graph.edge(number).name, "zero", strength=strength)
        slope = (float(session.run([edit]).metric.mean()) - clean) / strength
        assert -scores.values[number] == pytest.approx(slope, abs=2e-5)
    nodes = ws.trace(session, "eap", replacement="zero", level="nodes")
    number = session.graph.writer_index(session.graph.parse("t.a1.h0"))
    assert nodes.values[number] == pytest.approx(scores.of_node(session.graph.writers[number]), abs=1e-12)


def test_a_copy_with_another_metric_leaves_the_session_as_it_is() -> None:
    session = towers("CLIP").session
    before = ws.trace(session, "eap", replacement="zero").values
    other = copy(session)
    other.with_metric(ws.class_logit("the store"))
    assert np.array_equal(ws.trace(session, "eap", replacement="zero").values, before)
    edge = session.graph.edges[200]
    effect = float((other.run([ws.Edit(edge, "zero")]).metric - other.clean.metric).mean())
    assert float(Scan(other, [edge], "zero").run()[0]) == pytest.approx(effect, abs=TOLERANCE)
    paths = Paths(session.graph, before)
    through = session.graph.edges[session.graph.index("t.m0->t.m1")]
    assert {path.nodes[-1].name for path in paths.on_from(through)} == {"logits"}
    assert all(path.nodes[0].name == "t.m1" for path in paths.on_from(through))


def test_a_circuit_keeps_edges_in_both() -> None:
    session = towers("CLIP").session
    scores = ws.trace(session, "eap-ig", replacement="mean")
    circuit = scores.top(110)
    outside = sorted(set(session.graph.names) - set(circuit.names))
    expected = towers("CLIP").expected([ws.Edit(name, "mean") for name in outside])
    assert (session.run_circuit(circuit, "mean").answer - expected).abs().max() <= TOLERANCE
    curve = ws.faithfulness(session, scores, random_circuits=1)
    assert curve.recovered[-1] == pytest.approx(1, abs=1e-9)
    assert {tower_of(edge) for edge in scores.top(150).pruned()} == {0, 1}
    assert len(ws.circuit_of(session.graph, ["input->m0", "m0->logits", "t.m0->logits"]).pruned()) == 2
    reached = downstream(session.graph, [session.graph.parse("t.m0")])
    names = [node.name for node, hit in zip(session.graph.nodes, reached, strict=True) if hit]
    assert names == ["t.a1.h0", "t.a1.h1", "t.a1.h2", "t.a1.h3", "t.m1", "logits"]


def test_scores_and_circuits_of_both_are_written_and_read(tmp_path: Path) -> None:
    session = towers("Siglip").session
    scores = ws.trace(session, "eap", replacement="zero")
    scores.save(tmp_path / "scores.json")
    again = ws.Scores.load(tmp_path / "scores.json", session.graph)
    assert again.graph == session.graph
    assert np.array_equal(again.values, scores.values)
    circuit = scores.top(60)
    circuit.save(tmp_path / "circuit.json")
    assert ws.Circuit.load(tmp_path / "circuit.json").names == circuit.names
    with pytest.raises(InputError, match="two towers against one"):
        ws.Scores.load(tmp_path / "scores.json", session.graph.towers[0].graph)
    for name in ("t.a1.h2->logits", "t.input->t.a0.h1<k>", "m0->a1.h1<q>", "t.m1"):
        assert target_named(name) == session.graph.parse(name)
    assert "t.a0.h0" in circuit.to_dot()
    assert ">t.m1<" in ws.circuit_of(session.graph, ["t.m1->logits", "m1->logits"])._repr_svg_()


@pytest.mark.parametrize("kind", KINDS)
def test_slopes_of_shares_hold_the_other_tower_at_its_shares(kind: str) -> None:
    session = towers(kind).session
    circuit = ws.trace(session, "eap", replacement="zero").top(150)
    shares = np.zeros(session.graph.n_edges)
    shares[circuit.edges] = 1.0
    metric, slopes = slopes_of_shares(session, shares, "zero")
    assert metric == pytest.approx(float(session.run_circuit(circuit, "zero").metric.mean()), abs=TOLERANCE)
    step = 1e-5
    for number in (circuit.edges[0], circuit.edges[1], *np.flatnonzero(shares == 0)[::40]):
        moved = shares.copy()
        moved[number] -= step
        changed, _ = slopes_of_shares(session, moved, "zero")
        assert (metric - changed) / step == pytest.approx(slopes[number], abs=1e-4)


def test_texts_of_b_are_what_the_text_tower_is_patched_with() -> None:
    case = towers("CLIP")
    picture = case.model.pair(pixels(0), pixels(1))
    same = ws.Session(case.model, picture, METRIC)
    assert same.run([ws.Edit("t.a0.h1", "patch")]).metric.item() == pytest.approx(same.clean.metric.item(), abs=1e-12)
    model = case.model.against(["Mary", "a store", "the drink"])
    session = ws.Session(model, picture, METRIC)
    whole = session.run([ws.Edit("input", "patch"), ws.Edit("t.input", "patch")])
    b = session.counterfactual
    assert b is not None
    assert (whole.answer - b.answer).abs().max() <= TOLERANCE
    assert (b.answer - same.counterfactual.answer).abs().max() > 1e-6
    scores = ws.trace(session, "integrated-edges", steps=40)
    for number, tower in enumerate(session.graph.towers):  # each tower's share: that of patching all of it
        patched = session.run([ws.Edit(("input", "t.input")[number], "patch")])
        total = float(session.clean.metric - patched.metric)
        assert scores.values[tower.edges].sum() == pytest.approx(total, abs=2e-3)
    texts_alone = ws.Session(model, case.model.pair(pixels(0)), METRIC)
    assert texts_alone.run([ws.Edit("t.input", "patch")]).metric.item() == pytest.approx(
        texts_alone.counterfactual.metric.item(), abs=1e-9
    )
    with pytest.raises(ArgumentError, match="3 class texts, and 2 for B"):
        case.model.against(["Mary", "a store"])
    with pytest.raises(InputError):
        case.model.against(["Mary gave", "a store", "the drink"])


def test_what_two_towers_do_not_have_is_refused(tmp_path: Path) -> None:
    case = towers("CLIP")
    session = case.session
    for method, why in (("acdc", "depends on all"), ("flow-routes", "shares are of one"), ("relp", "language models")):
        with pytest.raises(ws.WirescopeError, match=why):
            ws.trace(session, method)
    with pytest.raises(ArgumentError, match="positions of their own"):
        ws.trace(session, "eap", level="positions")
    with pytest.raises(ArgumentError, match="no edge goes from one tower to the other"):
        session.run([ws.Edit("m0->t.m1", "zero")])
    with pytest.raises(EditError, match="Positions are those of one tower"):
        session.run([ws.Edit("logits", "zero", positions=[0])])
    with pytest.raises(ArgumentError, match=r"Take result\.image or result\.text"):
        ws.stream_lens(session.run(positions="all"), case.model.graph.nodes[0], 0)
    with pytest.raises(ArgumentError, match="two are open"):
        _ = session.engine
    with pytest.raises(ArgumentError, match="two towers have two"):
        ws.trace(session, "eap").select(20, "program")
    for refused in (
        lambda: ws.apply(case.model, [ws.Edit("t.m0", "zero")]),
        lambda: ws.difference_of_means(case.model, [pixels(0)], [pixels(1)], "t.m0"),
        lambda: ws.path_patching(session, "t.m0"),
        lambda: ws.to_torch(session, [ws.Edit("m0", "zero")]),
    ):
        with pytest.raises(ArgumentError, match="this model has two"):
            refused()
    with pytest.raises(ArgumentError, match="is of a text tower"):
        session.image.run([ws.Edit(case.model.graph.parse("t.m0"), "zero")])
    save_pair("CLIP", tmp_path)
    with pytest.raises(ArgumentError, match="there are none"):
        ws.load_model(f"towers:{tmp_path}")
    with pytest.raises(ArgumentError, match="fp32 or fp64"):
        ws.load_model(f"towers:{tmp_path}", classes=CLASSES, templates="{}", dtype="bf16")
    with pytest.raises(ArgumentError, match="no pair of towers"):
        ws.load_model("towers:bundled:shapes")
    again = ws.load_model(ws.load_model(f"towers:{tmp_path}", classes=CLASSES, templates="{}").name)
    assert (again.class_names, len(again.graph.towers)) == (CLASSES, 2)


@dataclass(frozen=True)
class _With:
    """An oracle that makes edits of weights of attention whatever it is asked."""

    oracle: PatternOracle
    edit: ws.Edit

    def run(self, edits: list[ws.Edit]) -> Tensor:
        return self.oracle.run([*edits, self.edit])


@pytest.mark.parametrize("kind", KINDS)
def test_weights_of_attention_in_both_towers_are_the_oracles(kind: str) -> None:
    setup = towers(kind)
    edits = [ws.Edit("a0.h1[2]", "knockout", 0), ws.Edit("t.a1.h0[0]", "zero", 2)]
    made = [ws.Edit(edit.name.removeprefix("t."), edit.kind, edit.positions) for edit in edits]
    oracles: Any = tuple(
        _With(PatternOracle(oracle, None), edit) for oracle, edit in zip(setup.oracles, made, strict=True)
    )
    expected = replace(setup, oracles=oracles).expected([])
    assert (setup.session.run(edits).answer - expected).abs().max() <= TOLERANCE
    assert not torch.allclose(expected, setup.expected([]), rtol=0, atol=1e-9)
