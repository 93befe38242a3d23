"""What the inspector says of a node: the logit lens, its direct share, its traits, position by position; self-repair
after a cut. Each figure on the screen against the engine's own."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from core.edits import Edit
from core.formatting import answer_words, change_words, number, percent, signed
from core.graph import LOGITS, Edge, Node, Reader
from core.lens.attention import attention_pattern
from core.lens.direct import direct_attribution
from core.lens.heads import patch_traits, token_traits
from core.lens.logit_lens import node_lens, node_logits, stream_lens
from core.lens.positions import NodeGradients, estimated_effects, measured_effects
from core.lens.repair import self_repair
from core.models.loading import load_model
from core.project.document import Document, PairSource, Source
from core.session import Session
from tests.app.person import Person

HEAD = Node("head", 1, 2)


def asked(session) -> list[int]:
    return [*session.metric.target[:1], *session.metric.foil[:1]]


@pytest.mark.parametrize("who", ["reader", "viewer"])
def test_a_head_says_what_the_logit_lens_says(who: str, request: pytest.FixtureRequest) -> None:
    person: Person = request.getfixturevalue(who)
    person.click_node(HEAD)
    lens = person.panel("inspector").logit_lens
    session = person.session()
    result = session.run(positions="all")
    position = int(session.engine.reads[0, 0])
    own = node_lens(result, HEAD, position, also=asked(session))
    assert lens.rows.row_texts() == [(answer_words(row.label), signed(row.value)) for row in own.rows]
    shares = direct_attribution(session, session.clean)
    number_of = session.graph.writer_index(HEAD)
    assert lens.share.row_texts() == [("direct", change_words(shares.values[number_of]))]
    rank = shares.rank(number_of)
    assert (f"{rank}" if rank > 1 else "largest") in lens.share_words.text()
    assert shares.words in lens.share_words.text()

    # The same place as the stream after it.
    person.panel("inspector").scroll_area.ensureWidgetVisible(lens.switch)
    person.click(lens.switch)
    stream = stream_lens(result, HEAD, position, also=asked(session))
    digits = [number(row.value, 2 if row.value >= 0.1 else 3) for row in stream.rows]
    assert lens.rows.row_texts() == [
        (answer_words(row.label), text) for row, text in zip(stream.rows, digits, strict=True)
    ]


def test_a_pinned_position_is_where_it_is_read(reader: Person) -> None:
    reader.click_node(HEAD)
    matrix = reader.panel("inspector").attention.matrix
    reader.click(matrix, matrix.cell_rect(3, 1).center().toPoint())
    reader.rest()
    assert reader.workbench.positions == (3,)
    lens = reader.panel("inspector").logit_lens
    assert lens.hint.text() == "logit lens at “a”"
    session = reader.session()
    own = node_lens(session.run(positions="all"), HEAD, 3, also=asked(session))
    assert [label for label, _ in lens.rows.row_texts()] == [answer_words(row.label) for row in own.rows]

    # An edit made now is one at that position, and the same click lets go of it.
    reader.press(Qt.Key.Key_X, widget=reader.window.canvas)
    metric, _ = reader.expected([Edit(HEAD, "patch", positions=[3])])
    assert reader.workbench.ran.after == pytest.approx(metric, abs=1e-5)
    reader.click(matrix, matrix.cell_rect(3, 1).center().toPoint())
    assert reader.workbench.positions == ()


def test_an_embedding_model_says_why_it_says_nothing(person: Person, models, pictures) -> None:
    person.open(models.dinov2, pictures("a.png"), pictures("b.png"))
    person.click_node(HEAD)
    lens = person.panel("inspector").logit_lens
    assert lens.why.isVisible()
    assert "it gives an embedding" in lens.why.text()
    assert not lens.rows.isVisible()
    assert not lens.share.isVisible()
    assert not person.panel("inspector").pushed.isVisible(), "that there are no answers is said once"
    assert person.panel("inspector").positions.rows.isVisible()  # the effect on the cosine is known all the same


def test_the_logits_say_what_the_model_says(onlooker: Person) -> None:
    onlooker.click_node(LOGITS)
    lens = onlooker.panel("inspector").logit_lens
    session = onlooker.session()
    labels = [answer_words(row.label) for row in session.clean.top(5)]
    assert [label for label, _ in lens.rows.row_texts()][:5] == labels
    assert not onlooker.panel("inspector").positions.isVisible()


def test_the_identity_card_is_that_of_its_attention(onlooker: Person) -> None:
    onlooker.click_node(HEAD)
    session = onlooker.session()
    result = session.run(positions="all")
    pushed = node_logits(result, HEAD, list(range(6))).topk(5).indices.tolist()
    traits = token_traits(attention_pattern(result, 1, 2), session.pair.clean.tensor[0].tolist(), pushed)
    shown = [trait for trait in traits if trait.value >= 0.2][:3]
    chips = onlooker.panel("inspector").identity
    assert chips.texts() == [f"{trait.name} {f'{trait.value:.2f}'.removeprefix('0')}" for trait in shown]
    assert all("not an explanation" in chip.toolTip() for chip in chips.chips)


def test_the_identity_card_of_a_head_that_looks_at_pictures(viewer: Person) -> None:
    viewer.click_node(HEAD)
    session = viewer.session()
    weights = attention_pattern(session.run(positions="all"), 1, 2)
    distance = patch_traits(weights, (4, 4), 1)[-1]
    words = f"{'local' if distance.value < 0.6 else 'global'}, distance "
    assert viewer.panel("inspector").identity.texts()[-1].startswith(words)


def test_by_position_first_estimated_then_measured(reader: Person) -> None:
    reader.click_node(HEAD)
    section, session = reader.panel("inspector").positions, reader.session()
    effects = estimated_effects(session, NodeGradients(session), HEAD, "patch")
    assert [text for _, text in section.rows.row_texts()] == [change_words(value) for value in effects]
    assert all(row.hollow for row in section.rows.rows())
    assert "estimated" in section.words.text()

    reader.panel("inspector").scroll_area.ensureWidgetVisible(section.measure)
    reader.click(section.measure)
    reader.rest()
    measured = measured_effects(session, HEAD, "patch")
    assert [text for _, text in section.rows.row_texts()] == [change_words(value) for value in measured]
    assert not any(row.hollow for row in section.rows.rows())
    assert "measured" in section.words.text()

    # A click on a row pins its position.
    reader.panel("inspector").scroll_area.ensureWidgetVisible(section.rows)
    reader.click(section.rows, section.rows.row_rect(4).center().toPoint())
    assert reader.workbench.positions == (4,)


def test_of_many_patches_the_strongest_are_listed(viewer: Person) -> None:
    viewer.click_node(HEAD)
    section, session = viewer.panel("inspector").positions, viewer.session()
    effects = estimated_effects(session, NodeGradients(session), HEAD, "patch")
    assert len(effects) == 17  # few enough to list them all
    labels = [label for label, _ in section.rows.row_texts()]
    assert labels[:3] == ["CLS", "patch 0, 0", "patch 0, 1"]
    assert [text for _, text in section.rows.row_texts()] == [change_words(value) for value in effects]


def test_after_a_cut_the_later_heads_that_make_up_for_it_are_named(reader: Person) -> None:
    node = Node("head", 0, 1)
    reader.click_node(node)
    assert not reader.panel("inspector").repair.isVisible()
    reader.click(reader.panel("inspector").edits.buttons["zero"])
    reader.rest()
    session = reader.session()
    found = self_repair(session, session.clean, session.run([Edit(node, "zero")]), node)
    words = reader.panel("inspector").repair.text()
    for repair in found.repairs:
        assert f"{repair.node.name} {signed(repair.change)}" in words
    assert ("Self-repair on this pair, after this cut: " in words) == bool(found.repairs)
    reader.click(reader.panel("inspector").edits.buttons["zero"])  # restored
    reader.rest()
    assert not reader.panel("inspector").repair.isVisible()


def test_an_edge_shows_its_ways_to_the_output_and_a_click_goes_there(onlooker: Person) -> None:
    edge = Edge(Node("head", 0, 1), Reader("mlp", 1))
    onlooker.window.canvas.choose((edge,))
    onlooker.rest()
    from core.lens.paths import Paths

    paths = Paths(onlooker.workbench.opened.graph, onlooker.workbench.known.scored.values).on_from(edge)
    section = onlooker.panel("inspector").paths
    assert section.isVisible()
    ways = [f"{percent(path.share)} " + " → ".join(node.name for node in path.nodes) for path in paths]
    assert section.texts() == ways
    assert ways[0].endswith("logits")
    button = section.buttons[0][0]
    onlooker.click(button)
    onlooker.rest()
    assert onlooker.window.canvas.selection() == (Node("mlp", 1),)


def test_pointing_at_the_attention_marks_the_tokens_on_the_card(onlooker: Person) -> None:
    from tests.app.features.inspector.test_inspecting import hover

    onlooker.click_node(HEAD)
    matrix, chips = onlooker.panel("inspector").attention.matrix, onlooker.card("A").chips
    before = chips.grab().toImage()
    hover(matrix, matrix.cell_rect(4, 1).center())
    after = chips.grab().toImage()
    ratio = after.devicePixelRatio()

    def differs(token: int) -> bool:
        box = (chips.chip_rect(token).center() * ratio).toPoint()
        at = box.x() - round(chips.chip_rect(token).width() * ratio / 2) + 3, box.y()
        return before.pixelColor(*at) != after.pixelColor(*at)

    assert [token for token in range(6) if differs(token)] == [1, 4]


def test_the_gap_is_flagged_and_an_estimate_of_another_kind_says_so(reader: Person) -> None:
    reader.click_node(HEAD)
    inspector = reader.panel("inspector")
    figures = reader.effects()
    flagged = inspector.effects.flag.isVisible()
    scored, measured = reader.workbench.known.scored, reader.controller("inspector").inspection().effect.measured
    estimate = -scored.values[reader.workbench.opened.graph.edges_out_of(HEAD)].sum()
    assert flagged == (abs(estimate - measured) > 0.5 * abs(measured))
    assert figures["estimated"] == change_words(estimate)
    reader.click(inspector.edits.buttons["zero"])
    reader.rest()
    assert reader.effects()["estimated"] == "–"
    assert inspector.effects.note.text() == "No estimate: those are of what is replaced from B, as the tool bar says."
    assert np.isfinite(reader.controller("inspector").inspection().effect.measured)


@pytest.mark.parametrize("sees", ["text", "pictures"])
def test_the_attention_is_averaged_over_the_dataset(person: Person, models, pictures, sees: str) -> None:
    if sees == "text":
        prompts = ["When Mary gave a drink to", "When Tom gave a drink to", "When John gave the store a drink to"]
        sources = [Source("text", text=prompt) for prompt in prompts]
        model = models.gpt2
    else:
        sources = [Source("image", path=str(pictures(name))) for name in ("a.png", "b.png", "c.png")]
        model = models.vit
    dataset = tuple(PairSource(source) for source in sources)
    person.workbench.models.open(Document(str(model), sources[0], dataset=dataset))
    person.rest()
    person.click_node(HEAD)
    section = person.panel("inspector").attention
    alone = person.controller("inspector").inspection().attention
    person.click(section.average)
    person.rest()
    assert section.why.text() == "mean of 3 inputs, without edits"
    *alike, last = (pattern_of(model, source) for source in sources)
    n, longer = len(alike[0]), len(last)
    met = [*range(n // 2), *range(longer - n + n // 2, longer)]  # the nearer ends of both
    mean = np.mean([*alike, last[np.ix_(met, met)]], axis=0)
    shown = section.matrix if sees == "text" else section.patches
    assert np.abs(shown.weights() - mean).max() < 1e-5
    person.click(section.this_input)
    person.rest()
    assert np.abs(shown.weights() - alone).max() < 1e-5
    assert not section.why.isVisible()


def pattern_of(model, source: Source) -> np.ndarray:
    loaded = load_model(str(model))
    session = Session(loaded, loaded.pair(source.text or source.path))
    return attention_pattern(session.run(positions="all"), HEAD.layer, HEAD.head)


def test_without_a_dataset_there_is_no_mean_to_choose(onlooker: Person) -> None:
    onlooker.click_node(HEAD)
    assert not onlooker.panel("inspector").attention.choice.isVisible()


def test_pointing_at_the_attention_marks_the_patches_on_the_card(viewer: Person) -> None:
    from tests.app.features.inspector.test_inspecting import hover

    viewer.click_node(HEAD)
    patches, picture = viewer.panel("inspector").attention.patches, viewer.card("A").picture
    before = picture.grab().toImage()
    hover(patches.picture, patches.picture.patch_rect(6).center())
    after = picture.grab().toImage()
    ratio = after.devicePixelRatio()

    def differs(patch: int) -> bool:
        at = (picture.patch_rect(patch).center() * ratio).toPoint()
        return before.pixelColor(at) != after.pixelColor(at)

    assert [patch for patch in range(16) if differs(patch)] == [6]

    # The query is CLS, which can be pinned; edits then apply there alone.
    viewer.click(viewer.panel("inspector").attention.pin)
    viewer.rest()
    assert viewer.workbench.positions == (0,)
    assert viewer.panel("inspector").attention.pin.text() == "unpin"
