"""Pictures in a notebook: valid SVG that shows the numbers, of circuits, curves, attention and heat maps."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import wirescope as ws
from tests.small_models import small_text_model

SVG = "{http://www.w3.org/2000/svg}"


def parts(svg: str | None, tag: str) -> list[ElementTree.Element]:
    assert svg is not None
    return list(ElementTree.fromstring(svg).iter(f"{SVG}{tag}"))


@pytest.fixture(scope="module")
def session() -> ws.Session:
    model = ws.load_model(small_text_model())
    pair = model.pair("When Mary gave a drink to", "When Tom gave a drink to")
    return ws.Session(model, pair, metric=ws.logit_difference(" Mary", " John"))


def test_a_circuit_shows_its_edges_and_their_scores(session: ws.Session) -> None:
    scores = ws.trace(session, "eap")
    circuit = scores.top(20)
    svg = circuit._repr_svg_()
    tips = [tip.text for tip in parts(svg, "title")]
    for number, name in enumerate(circuit.names):
        assert f"{name}: {circuit.score(number):.4g}" in tips
    assert len(parts(svg, "path")) == 20
    assert scores.top(0)._repr_svg_() is None
    colours = {path.get("stroke") for path in parts(svg, "path")}
    assert len(colours) > 2  # by size and by sign
    texts = [text.text for text in parts(svg, "text")]
    assert {edge.writer.name for edge in circuit} <= set(texts)
    one = scores.top(1)  # laid out by what it holds, wherever the model has it
    (shape,) = (
        rect for rect in parts(one._repr_svg_(), "rect") if rect.get("fill") == "#ffffff" and not rect.get("rx")
    )
    assert float(shape.get("width", "")) < 250


def test_a_curve_shows_each_point(session: ws.Session) -> None:
    curve = ws.faithfulness(session, ws.trace(session, "eap"))
    svg = curve._repr_svg_()
    assert len(parts(svg, "circle")) == len(curve.fractions)
    assert "random edges" in svg
    assert f"CPR {curve.cpr:.3f}" in svg


def test_attention_is_an_array_that_shows_itself(session: ws.Session) -> None:
    pattern = ws.attention_pattern(session.run(positions="all"), 1, 2)
    assert pattern.shape == (6, 6)
    assert np.allclose(pattern.sum(axis=1), 1)
    cells = parts(pattern._repr_svg_(), "rect")
    assert len(cells) == 1 + 36
    assert pattern[0]._repr_svg_() is None
    names = session.pair.clean.labels
    picture = ws.heat_map(pattern, names, names, title="a1.h2")
    texts = [text.text for text in parts(picture.svg, "text")]
    assert {"a1.h2", " Mary"} <= set(texts)


def test_a_lens_shows_the_likeliest_answers(session: ws.Session) -> None:
    lens = ws.logit_lens(session.run(positions="all"))
    texts = [text.text for text in parts(lens._repr_svg_(), "text")]
    assert "input" in texts
    assert len(parts(lens._repr_svg_(), "rect")) == 1 + 7 * 6
    sources = ws.attribution_by_source(session)
    assert "a0.h1" in sources._repr_svg_()


def test_a_heat_map_says_what_it_cannot_show(tmp_path: Path) -> None:
    for values in (np.zeros(3), np.zeros((0, 2)), np.zeros((129, 2))):
        with pytest.raises(ws.WirescopeError, match="up to 128"):
            ws.heat_map(values)
    with pytest.raises(ws.WirescopeError, match="3 names for 2"):
        ws.heat_map(np.eye(2), rows=["a", "b", "c"])
    picture = ws.heat_map([[0.0, -1.0], [np.nan, 1.0]], ["<a>", "b\x00"])
    assert [cell.get("fill") for cell in parts(picture.svg, "rect")][1:] == ["#ffffff", "#c25600", "#e4e6e9", "#0b6bd8"]
    picture.save(tmp_path / "map.svg")
    assert (tmp_path / "map.svg").read_text(encoding="utf-8") == picture._repr_svg_() == picture.svg


def test_circuits_and_scores_are_saved_and_loaded(session: ws.Session, tmp_path: Path) -> None:
    scores = ws.trace(session, "eap-ig", steps=2)
    scores.save(tmp_path / "scores.json")
    same = ws.Scores.load(tmp_path / "scores.json", session.graph)
    assert np.array_equal(same.values, scores.values)
    assert (same.method, same.direction, same.about) == (scores.method, scores.direction, scores.about)
    circuit = scores.top(15)
    circuit.save(tmp_path / "circuit.json")
    again = ws.Circuit.load(tmp_path / "circuit.json")
    assert again.names == circuit.names
    assert [again.score(number) for number in range(15)] == [circuit.score(number) for number in range(15)]
    with pytest.raises(ws.WirescopeError, match="not a circuit"):
        ws.Circuit.load(tmp_path / "scores.json")
    with pytest.raises(ws.WirescopeError, match="another model"):
        ws.Scores.load(tmp_path / "scores.json", ws.Graph(2, 2, 2))
