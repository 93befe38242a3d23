"""The second level as a user meets it: clicks, keys, what it says, and that what is drawn is what is hit."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from core.graph import INPUT, LOGITS, Graph, Node
from views import theme
from views.canvas.data import EdgeMark, NodeMark
from views.canvas.labels import text_width
from views.canvas.positions.border import column_heads
from views.canvas.positions.canvas import PositionsCanvas
from views.canvas.positions.data import Column, Link, LinkMark, Move, Picture, Place, PositionsData, Spot, Wire
from views.canvas.positions.layout import WIDEST, make_positions_layout
from views.canvas.positions.scene import make_positions_scene
from views.figures.data import FigureCaption
from views.figures.figure import write_figure
from views.figures.positions import PositionsDrawing

GRAPH = Graph(3, 4, 4)
LEFT = Qt.MouseButton.LeftButton
HEAD, LATE = Node("head", 1, 2), Node("head", 2, 0)
TOKENS = ("When", "Mary", "and", "John", "to")


def wire(name: str, *positions: int) -> Wire:
    return Wire(GRAPH.edge(GRAPH.index(name)), positions)


LINKS: tuple[Link, ...] = (
    wire("a2.h0->logits", 4),
    Move(HEAD, (1,), (4,)),
    wire("input->a1.h2<v>", 1),
    Move(LATE, (4,), (4,)),
    wire("a1.h2->a2.h0<q>", 4),
    wire("m0->a1.h2<k>", 3),
)


def unfolded(*links: Link, texts: tuple[str, ...] = TOKENS, **fields) -> PositionsData:
    """Links, each weaker than the one before, over tokens; the output reads the last one."""
    columns = tuple(Column((i,), text, text, read=i == len(texts) - 1) for i, text in enumerate(texts))
    marks = [LinkMark(link, EdgeMark(i, (-1) ** i / (i + 1), measured=i == 0)) for i, link in enumerate(links)]
    data = PositionsData(GRAPH, columns, tuple(marks), links_in_all=99, kind_words="replaced from B", **fields)
    spots = {spot: NodeMark(named=True) for link in links for spot in ends(link)}
    return replace(data, spots={**spots, **data.spots})


def ends(link: Link) -> tuple[Spot, Spot]:
    if isinstance(link, Move):
        return Spot(link.head, link.source), Spot(link.head, link.goal)
    fed = GRAPH.readers_of(link.edge.reader)[0]
    return Spot(link.edge.writer, link.positions), Spot(fed, link.positions)


def patches(**fields) -> PositionsData:
    """CLS, two patches and a region of a picture whose patches have one colour each."""
    colors = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [200, 200, 0]], dtype=np.uint8).reshape(2, 2, 3)
    picture = Picture(np.kron(colors, np.ones((8, 8, 1), dtype=np.uint8)), (2, 2))
    columns = (
        Column((0,), "CLS", "CLS", read=True),
        Column((1,), "0, 0", "0, 0", (0,)),
        Column((2, 4), "2 patches", "", (1, 3)),
        Column((3,), "1, 0", "1, 0", (2,)),
    )
    move = Move(HEAD, (2, 4), (0,))
    mark = LinkMark(move, EdgeMark(0, 0.5))
    spots = dict.fromkeys(ends(move), NodeMark(named=True))
    return PositionsData(GRAPH, columns, (mark,), spots, picture=picture, links_in_all=9, hidden_columns=6, **fields)


@pytest.fixture
def board(qtbot) -> PositionsCanvas:
    return shown(qtbot, unfolded(*LINKS))


def shown(qtbot, data: PositionsData, width: int = 760, height: int = 500) -> PositionsCanvas:
    theme.set_choice("dark")
    board = PositionsCanvas()
    qtbot.addWidget(board)
    board.resize(width, height)
    board.show()
    board.set_data(data)
    qtbot.waitExposed(board)
    return board


def click(board: PositionsCanvas, place: Place, modifiers=Qt.KeyboardModifier.NoModifier) -> None:
    point = board.spot_point(place) if isinstance(place, Spot) else board.link_point(place)
    QTest.mouseClick(board, LEFT, modifiers, point.toPoint())


def picture_of(board: PositionsCanvas) -> QImage:
    board.settle()
    return board.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


# ---- selecting and editing -------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [*LINKS, Spot(HEAD, (4,)), Spot(INPUT, (1,)), Spot(LOGITS, (4,))], ids=str)
def test_a_click_selects_what_is_under_it(qtbot, board: PositionsCanvas, place: Place) -> None:
    with qtbot.waitSignal(board.selection_changed) as heard:
        click(board, place)
    assert heard.args == [(place,)]
    assert board.selection() == (place,)


def test_a_head_that_is_chosen_at_many_places_is_named_by_its_row_alone(board: PositionsCanvas, monkeypatch) -> None:
    """Its names beside its places would lie on each other."""
    drawn: list[str] = []
    monkeypatch.setattr(
        "views.canvas.positions.painter.text_width",
        lambda words, *rest: drawn.append(words) or text_width(words, *rest),
    )
    for spots, names in (((Spot(HEAD, (1,)),), 1), ((Spot(HEAD, (1,)), Spot(HEAD, (4,))), 0)):
        board.set_selection(spots)
        drawn.clear()
        picture_of(board)
        assert drawn.count(HEAD.name) == names


def test_a_tool_edits_what_is_clicked_but_not_the_output(qtbot, board: PositionsCanvas) -> None:
    board.tool = "cut"
    asked = []
    board.edit_requested.connect(lambda place, tool: asked.append((place, tool)))
    click(board, Spot(LOGITS, (4,)))
    click(board, LINKS[2])
    click(board, Spot(HEAD, (4,)))
    assert asked == [(LINKS[2], "cut"), (Spot(HEAD, (4,)), "cut")]


def test_nodes_are_hit_before_links_and_tab_goes_on_to_what_lies_below(board: PositionsCanvas) -> None:
    spot = Spot(LATE, (4,))
    point = board.spot_point(spot)
    found = board.targets_at(point)
    assert found[0] == spot
    assert len(found) > 1
    QTest.mouseMove(board, point.toPoint())
    click(board, spot)
    QTest.keyClick(board, Qt.Key.Key_Tab)
    assert board.selection() == (found[1],)


# ---- walking -----------------------------------------------------------------------------------------------


def test_a_walk_from_the_token_to_the_output(board: PositionsCanvas) -> None:
    board.setFocus()
    way = []

    def press(key: Qt.Key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(board, key, modifier)
        way.append(board.selection()[0])

    alt = Qt.KeyboardModifier.AltModifier
    press(Qt.Key.Key_Up)
    assert way == [Spot(INPUT, (4,))], "it starts at the last chip"
    press(Qt.Key.Key_Left), press(Qt.Key.Key_Left), press(Qt.Key.Key_Left)
    assert way[-1] == Spot(INPUT, (1,))
    press(Qt.Key.Key_Up, alt)
    assert way[-1] == Spot(HEAD, (1,)), "up the wire of the value"
    press(Qt.Key.Key_Return)
    assert way[-1] == LINKS[1], "the move that the head makes from there"
    press(Qt.Key.Key_Return)
    assert way[-1] == Spot(HEAD, (4,))
    press(Qt.Key.Key_Up)
    assert way[-1] == Spot(LATE, (4,))
    press(Qt.Key.Key_Up)
    assert way[-1] == Spot(LOGITS, (4,))
    press(Qt.Key.Key_Up)
    assert way[-1] == Spot(LOGITS, (4,)), "there is nothing above"


# ---- what it says ------------------------------------------------------------------------------------------


def tip_at(board: PositionsCanvas, point: QPointF) -> str:
    event = QHelpEvent(QEvent.Type.ToolTip, point.toPoint(), board.mapToGlobal(point.toPoint()))
    QApplication.sendEvent(board, event)
    return QToolTip.text()


def test_tips_name_the_place_its_figure_and_the_kind_of_edit(board: PositionsCanvas) -> None:
    words = tip_at(board, board.link_point(LINKS[0])).split("\n")[0]
    assert words == "a2.h0 → logits at “to”  change −1.00 measured, replaced from B"
    words = tip_at(board, board.link_point(LINKS[1]))
    assert "a1.h2: “Mary” → “to”  change +0.500 estimated, replaced from B" in words
    assert "X cuts this arrow, its weight of attention" in words
    assert board.accessibleName() == "Circuit over positions"
    click(board, LINKS[2])
    assert board.accessibleDescription() == ("6 of 99 links are shown. Selected: input → a1.h2 ⟨v⟩ at “Mary”.")


def test_an_edited_place_says_what_it_changed(qtbot) -> None:
    spot = Spot(HEAD, (4,))
    board = shown(qtbot, unfolded(*LINKS, spots={spot: NodeMark("patch", "−1.47", named=True)}))
    board.settle()
    assert [(pill.kind, pill.text) for pill in board._cache.labels.pills] == [("patch", "−1.47")]
    assert "edited: from B −1.47" in board.tip(spot)


def test_a_cut_wire_is_broken_and_its_label_lies_on_no_node(qtbot) -> None:
    data = unfolded(*LINKS)
    cut = replace(data.links[2], mark=replace(data.links[2].mark, edited="zero", label="+0.33"))
    board = shown(qtbot, replace(data, links=(*data.links[:2], cut, *data.links[3:])))
    board.settle()
    labels = board._cache.labels
    (pill,) = labels.pills
    assert (pill.text, pill.place in labels.gaps) == ("+0.33", True)
    assert not any(pill.rect.contains(board.spot_point(spot)) for spot in data.spots)


def test_nothing_to_show_says_why(qtbot) -> None:
    board = shown(qtbot, PositionsData(GRAPH, note="There is no circuit to unfold."))
    assert board.accessibleDescription() == "There is no circuit to unfold."
    assert board.target_at(QPointF(300, 200)) is None
    QTest.keyClick(board, Qt.Key.Key_F)
    picture = picture_of(board)
    words = {picture.pixel(x, y) for x in range(200, 560) for y in range(230, 270)}
    assert len(words) > 4, "the words are painted"


# ---- layout ------------------------------------------------------------------------------------------------


def test_columns_are_wide_enough_for_their_text_up_to_a_limit() -> None:
    texts = ("a", "internationalisation", "x" * 60)
    layout = make_positions_layout(unfolded(LINKS[2], texts=texts), QSizeF(700, 500))
    chips = [layout.chip(column) for column in range(3)]
    assert all(not a.intersects(b) for a, b in pairwise(chips))
    assert chips[0].width() < chips[1].width() < chips[2].width() == WIDEST


def test_rows_go_up_in_the_order_of_writing_and_the_whole_is_framed(board: PositionsCanvas) -> None:
    layout = board.scene.layout
    assert layout.nodes == (Node("mlp", 0), HEAD, LATE)
    assert list(layout.rows) == sorted(layout.rows, reverse=True)
    view = board.rect()
    assert all(view.contains(board.spot_point(spot).toPoint()) for spot in board.scene.spots)


def test_a_wide_circuit_starts_where_the_output_reads(qtbot) -> None:
    board = shown(qtbot, unfolded(*LINKS, texts=("token",) * 4 + ("to", *["more"] * 40)))
    last = board.scene.data.columns[-1].positions
    assert board.rect().contains(board.spot_point(Spot(INPUT, last)).toPoint())
    assert board.map_box() is not None


def test_columns_and_places_stay_when_only_figures_change(board: PositionsCanvas) -> None:
    before = {spot: board.spot_point(spot) for spot in board.scene.spots}
    data = unfolded(*LINKS, stale=True)
    board.set_data(data)
    assert {spot: board.spot_point(spot) for spot in board.scene.spots} == before


# ---- pictures ----------------------------------------------------------------------------------------------


def test_patches_are_cut_from_the_picture(qtbot) -> None:
    board = shown(qtbot, patches())
    picture = picture_of(board)

    def color(x: float, y: float) -> tuple[int, ...]:
        return QColor(picture.pixel(round(x), round(y))).getRgb()[:3]

    green_over_yellow = board.camera.rect(board.scene.layout.chip(2))
    assert color(*board.spot_point(Spot(INPUT, (1,))).toTuple()) == (255, 0, 0)
    assert color(*board.spot_point(Spot(INPUT, (3,))).toTuple()) == (0, 0, 255)
    x, top = green_over_yellow.center().x(), green_over_yellow.top()
    thumbnail = green_over_yellow.width()
    assert color(x, top + 0.25 * thumbnail) == (0, 255, 0)
    assert color(x, top + 0.75 * thumbnail) == (200, 200, 0)
    assert board.tip(Move(HEAD, (2, 4), (0,))).startswith("a1.h2: a region of 2 patches → CLS")
    assert board.accessibleDescription().startswith("1 of 9 links · 4 of 10 columns are shown.")


@pytest.mark.parametrize("choice", ["dark", "light"])
def test_what_does_not_touch_the_selection_is_dimmed(qtbot, choice) -> None:
    board = shown(qtbot, unfolded(*LINKS))
    theme.set_choice(choice)
    point = board.link_point(LINKS[2])

    def ink() -> int:
        picture = picture_of(board)
        panel = QColor(theme.current().panel)
        around = [
            QColor(picture.pixel(int(point.x()) + dx, int(point.y()) + dy))
            for dx in (-2, -1, 0, 1, 2)
            for dy in range(-6, 7)
        ]
        return max(sum(abs(a - b) for a, b in zip(c.getRgb()[:3], panel.getRgb()[:3], strict=True)) for c in around)

    full = ink()
    board.set_selection((Spot(LATE, (4,)),))
    assert ink() < 0.8 * full
    theme.set_choice("dark")


def test_the_figure_holds_tokens_rows_and_the_legend(tmp_path: Path, qapp) -> None:
    path = tmp_path / "tokens.svg"
    data = unfolded(*LINKS)
    write_figure(path, PositionsDrawing(data), FigureCaption("names", "A", "logit difference", "none"))
    svg = path.read_text(encoding="utf-8")
    for words in (*TOKENS, "a1.h2", "logits", "6 of 99 links", "estimated", "measured"):
        assert words in svg, words
    assert "<image" not in svg
    for name in ("patches.pdf", "patches.png"):
        write_figure(tmp_path / name, PositionsDrawing(patches()), FigureCaption("shapes", "A", "", ""))
        assert (tmp_path / name).stat().st_size > 2000


@pytest.mark.parametrize("data", [unfolded(*LINKS), patches()], ids=["tokens", "patches"])
def test_the_columns_in_sight_are_named_wherever_the_eye_is(qtbot, data):
    board = shown(qtbot, data)
    scene, size = board.scene, board.view_size()
    assert column_heads(scene, board.camera, size) == []  # the chips themselves are in sight
    board.zoom_at(3.0, QPointF(size.width() / 2, 120))
    heads = column_heads(scene, board.camera, size)
    assert heads
    for number, box in heads:
        assert QRectF(0, 0, size.width(), size.height()).contains(box)
        x = board.camera.point(float(scene.layout.centres[number]), 0).x()
        assert box.left() <= min(max(x, box.left()), size.width()) <= max(box.right(), x)
    for spot in scene.spots:
        point = board.spot_point(spot)
        if 80 < point.x() < size.width() - 30 and 60 < point.y() < size.height() - 30:
            assert scene.layout.column_of[spot.positions] in [number for number, _ in heads]


def test_a_wire_into_a_shared_key_belongs_to_every_head_of_its_group_that_stands_there(qtbot) -> None:
    graph = Graph(3, 4, 2)
    shared = Wire(graph.edge(graph.index("input->a1.kv1<v>")), (1,))
    moves = [Move(Node("head", 1, head), (1,), (4,)) for head in (2, 3)]
    links = [LinkMark(link, EdgeMark(i, 1.0 / (i + 1))) for i, link in enumerate([shared, *moves])]
    ends = [Spot(INPUT, (1,)), *(Spot(move.head, at) for move in moves for at in ((1,), (4,)))]
    columns = tuple(Column((i,), text) for i, text in enumerate(TOKENS))
    data = PositionsData(graph, columns, tuple(links), {spot: NodeMark() for spot in ends})
    assert data.fed(shared) == (Node("head", 1, 2), Node("head", 1, 3))
    scene = make_positions_scene(data, make_positions_layout(data, QSizeF(800, 600)))
    lines, _ = scene.curves.lines_of(np.array([scene.place_of[shared]]))
    assert len(lines) == 2
    for head, controls in zip(data.fed(shared), lines.controls, strict=True):
        foot = scene.layout.shape(Spot(head, (1,)))
        assert controls[3, 1] == pytest.approx(foot.bottom())
        assert foot.left() <= controls[3, 0] <= foot.right()
        assert scene.strongest_at(Spot(head, (1,)), leaving=False) == shared
        assert scene.links_at(frozenset({Spot(head, (1,))}))[scene.place_of[shared]]
    assert scene.strongest_at(Spot(INPUT, (1,)), leaving=True) == shared
