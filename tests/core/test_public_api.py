"""`import wirescope as ws`: what a notebook does, from loading to figures."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

import wirescope as ws
from tests.small_models import small_text_model


def test_it_offers_its_names_and_nothing_else() -> None:
    assert sorted(ws.__all__) == list(ws.__all__)
    public = {name for name in vars(ws) if not name.startswith("_")}
    assert public - {"annotations"} == set(ws.__all__)


@pytest.mark.parametrize("name", [n for n in ws.__all__ if n not in ("Edge", "Node", "Reader")])
def test_every_name_says_what_it_is(name: str) -> None:
    assert getattr(ws, name).__doc__, name


def test_a_notebook_from_loading_to_figures(tmp_path: Path) -> None:
    """The walk through the API that the design shows, on a small model."""
    module, tokenizer = small_text_model()
    module.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)

    model = ws.load_model(str(tmp_path))
    pair = model.pair("When Mary gave a drink to", "When Tom gave a drink to")
    session = ws.Session(model, pair, metric=ws.logit_difference(" Mary", " John"))

    assert isinstance(session.graph.edges, Sequence)
    number = session.graph.edges.index("a0.h2->a1.h3<q>")
    assert session.graph.edges.names[number] == session.graph.names[number] == "a0.h2->a1.h3<q>"
    assert session.graph.edges[number] == ws.Edge(ws.Node("head", 0, 2), ws.Reader("q", 1, 3))

    result = session.run([ws.Edit("a0.h2->a1.h3<q>", "patch"), ws.Edit("m2", "mean", positions=[4, 5])])
    assert result.metric.shape == (1,)
    assert result.logits.shape == (1, 1, len(tokenizer))
    assert len(result.top(5)) == 5
    assert result.milliseconds > 0
    assert list(result.layers_run) == [1, 2]

    scores = ws.trace(session, method="eap-ig", steps=5)
    assert scores.values.shape == (session.graph.n_edges,)
    assert np.isfinite(scores.values).all()
    circuit = scores.top(40)
    assert len(circuit) == 40
    assert circuit.about == {
        "model": str(tmp_path),
        "metric": 'logit(" Mary") − logit(" John")',
        "method": "eap-ig",
        "replacement": "patch",
        "steps": "5",
        "direction": "+1",
    }
    assert nx.read_graphml(io.BytesIO(circuit.to_graphml().encode())).graph["method"] == "eap-ig"
    for text in (circuit.to_json(), circuit.to_dot(), circuit.to_tikz()):
        assert "a1" in text

    recovered = session.run_circuit(circuit, replacement="patch")
    assert recovered.metric.shape == (1,)
    curve = ws.faithfulness(session, scores)
    assert len(curve.fractions) == len(curve.recovered) == curve.random_band.shape[1]
    assert curve.recovered[-1] == pytest.approx(1.0, abs=1e-4)
    assert curve.cpr == pytest.approx(np.trapezoid(curve.recovered, curve.fractions))
    assert curve.cmd >= 0
    trust = ws.trust(session, circuit)  # alone, as in a file: how the other edges rank is not known
    assert trust.numbers["recovered"] == pytest.approx(ws.trust(session, circuit, scores=scores).numbers["recovered"])
    assert {one.title for one in trust.statements if one.tone == "unknown"} >= {"Stability"}
    assert len(trust.verdict) >= 1
    assert ws.attention_pattern(session.clean, 0, 1).shape == (6, 6)


def test_every_failure_is_one_kind_with_a_message_and_a_hint() -> None:
    model = ws.load_model(small_text_model())
    with pytest.raises(ws.WirescopeError) as caught:
        model.pair("")
    assert caught.value.message == "The prompt is empty."
    assert caught.value.hint
    assert str(caught.value) == f"{caught.value.message} {caught.value.hint}"


def test_importing_it_loads_no_window() -> None:
    loaded = (
        "import sys, wirescope; print(sorted({n.partition('.')[0] for n in sys.modules} & {'PySide6', 'views', 'app'}))"
    )
    result = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, cwd=Path(ws.__file__).parent, check=True
    )
    assert result.stdout.strip() == "[]"
