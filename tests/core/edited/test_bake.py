"""Edits in plain weights: the baked model is the session's run; what weights cannot hold is refused with the reason."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import torch

import wirescope as ws
from tests.core.engine.cases import TOLERANCE, WIDTH, case
from tests.oracle import output_of
from tests.small_models import ALL, small_model

TOGETHER = ("a norm follows", "a norm takes the mean")


def node_edit(rng: random.Random, name: str) -> ws.Edit:
    kind = rng.choice(["zero", "scale", *(["mean"] if ".n" in name else [] if ".e" in name else ["mean", "steer"])])
    value = rng.uniform(-1, 2) if kind == "scale" else [rng.uniform(-1, 1) for _ in range(WIDTH)]
    return ws.Edit(name, kind, value=value if kind in ("scale", "steer") else None, strength=rng.choice([1.0, 0.6]))


def units_of(rng: random.Random, session: ws.Session) -> list[str]:
    """Two of each MLP that opens."""
    counts = [(layer, kind[0], count) for layer, (kind, count) in enumerate(session.graph.units) if count]
    return [f"m{layer}.{kind}{number}" for layer, kind, count in counts for number in rng.sample(range(count), 2)]


@pytest.mark.parametrize("family", ALL)
def test_a_baked_model_gives_what_the_sessions_run_gives(family: str) -> None:
    """Every node in turn, with an edit drawn; those that its family's weights hold are made at once."""
    setup = case(family)
    session = setup.session(mean_over_positions=True)
    rng = random.Random(family)
    held, refused = [], {}
    for name in [*(node.name for node in session.graph.writers), *units_of(rng, session)]:
        edit = node_edit(rng, name)
        try:
            ws.bake(session.model, [edit], session)
            held.append(edit)
        except ws.WirescopeError as error:
            refused[name] = error.message
    zeros = [ws.Edit(name, "zero") for name, why in refused.items() if "bias" in why]
    edits = [*held, *zeros]
    baked = ws.bake(session.model, edits, session)
    run = session.run(edits, positions="all")
    inputs = session.pair.clean.tensor
    with torch.no_grad():
        output = output_of(baked.module, inputs)
        assert (output - (run.answer if output.ndim == 2 else run.logits)).abs().max() <= TOLERANCE
        assert not torch.allclose(output, output_of(setup.module, inputs), rtol=0, atol=1e-6)
    together = {name for name, why in refused.items() if any(words in why for words in TOGETHER) and ".h" in name}
    coupled = session.graph.coupled and family != "timm-vit-rms-normed-heads"
    assert bool(together) == coupled
    assert "embedding" in refused.pop("input")
    assert len(edits) == session.graph.n_writers - 1 - len(together) + len(units_of(rng, session))


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (ws.Edit("m0->m1", "zero"), "is an edge"),
        (ws.Edit("->m1", "zero"), "is a reader"),
        (ws.Edit("logits", "zero"), "is a reader"),
        (ws.Edit("input", "zero"), "embeddings"),
        (ws.Edit("m0", "patch"), "from inputs"),
        (ws.Edit("m0", "zero", positions=[1]), "the same at all"),
        (ws.Edit("m0", "project", value=[1.0] * WIDTH), "turns what it writes"),
        (ws.Edit("m0", "mean"), "another value at each position"),
        (ws.Edit("m0.n3", "mean"), "another value at each position"),
        (ws.Edit("m0.n3", "patch"), "from inputs"),
        (ws.Edit("a0.h1[2]", "zero"), "weights of attention"),
    ],
)
def test_what_weights_cannot_hold_is_refused_with_the_reason(edit: ws.Edit, words: str) -> None:
    setup = case("gpt2")
    with pytest.raises(ws.WirescopeError, match=words) as caught:
        ws.bake(setup.model, [edit], setup.session())
    assert caught.value.hint


def test_a_family_without_biases_gets_none() -> None:
    module = small_model("llama")
    model = ws.load_model((module, None))
    with pytest.raises(ws.WirescopeError, match=r"a0\.h1 would need a new bias: this family"):
        ws.bake(model, [ws.Edit("a0.h1", "steer", value=[1.0] * WIDTH)])
    baked = ws.bake(model, [ws.Edit("a0.h1", "zero"), ws.Edit("m1", "scale", value=2.0)])
    assert baked.changed == ("model.layers.0.self_attn.o_proj.weight", "model.layers.1.mlp.down_proj.weight")
    own = dict(module.named_parameters())
    same = [name for name, weight in baked.module.named_parameters() if own[name].data_ptr() == weight.data_ptr()]
    assert set(same) == set(own) - set(baked.changed)


def test_an_mlp_whose_weights_are_not_known_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = ws.load_model((small_model("llama"), None))
    wiring = replace(model.adapter.wiring(1), mlp_weights=())
    monkeypatch.setattr(model.adapter, "wiring", lambda _: wiring)
    with pytest.raises(ws.WirescopeError, match="m1 cannot be changed"):
        ws.bake(model, [ws.Edit("m1", "zero")])
