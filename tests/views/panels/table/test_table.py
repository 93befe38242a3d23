"""The table of edges and nodes: what a row says, sorting, filtering, selection, copying, what a screen reader hears."""

from __future__ import annotations

import time
import tracemalloc
from itertools import product

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, Qt
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtTest import QTest

from core.component_words import edge_words
from core.graph import INPUT, LOGITS, Edge, Graph, Node, Reader
from core.tracing import order as ranked_order
from views.panels.table import model
from views.panels.table.data import TableData
from views.panels.table.model import RowsModel
from views.panels.table.names import NotAName, names_of
from views.panels.table.panel import TablePanel
from views.panels.table.rows import edge_rows, node_rows

UP, DOWN = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
GRAPH = Graph(3, 4, 2)
BLOCKED = 0.1  # seconds


def data(graph: Graph = GRAPH, **more) -> TableData:
    scores = np.random.default_rng(1).normal(size=graph.n_edges)
    strongest = np.argsort(-np.abs(scores))
    return TableData(graph, scores, strongest, strongest[:10], removed="from B", **more)


@pytest.fixture
def panel(qtbot) -> TablePanel:
    panel = TablePanel()
    qtbot.addWidget(panel)
    panel.resize(760, 320)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def lines(panel: TablePanel) -> list[list[str]]:
    return [panel.view.lines.texts(line) for line in range(panel.view.lines.rowCount())]


def edge(name: str, graph: Graph = GRAPH) -> Edge:
    return graph.edge(graph.index(name))


def use_filter(panel: TablePanel, text: str) -> None:
    panel.filter.clear()
    QTest.keyClicks(panel.filter, text)
    QTest.keyClick(panel.filter, Qt.Key.Key_Return)


# ---- words -----------------------------------------------------------------------------------------------------


def matching(graph: Graph, test) -> set[str]:
    return {edge.name for edge in graph.edges if test(edge)}


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ("m1->", lambda e: e.writer == Node("mlp", 1)),
        ("-> logits", lambda e: e.reader.kind == "logits"),
        ("a1->a2", lambda e: e.writer.kind == "head" and e.writer.layer == 1 and e.reader.layer == 2
         and e.reader.kind in "qkv"),
        ("a1.h0 → a2.h3 ⟨q⟩", lambda e: e.name == "a1.h0->a2.h3<q>"),
        ("->a2.h3", lambda e: e.reader in GRAPH.ports(Node("head", 2, 3))),
        ("->a2.kv1", lambda e: e.reader in (Reader("k", 2, 1, True), Reader("v", 2, 1, True))),
        ("<v>", lambda e: e.reader.kind == "v"),
        ("a2<q>", lambda e: e.reader.kind == "q" and e.reader.layer == 2),
        ("a1.", lambda e: (e.writer.kind == "head" and e.writer.layer == 1)
         or (e.reader.kind in "qkv" and e.reader.layer == 1)),
        ("layer 1", lambda e: (e.writer.kind != "input" and e.writer.layer == 1)
         or (e.reader.kind != "logits" and e.reader.layer == 1)),
        ("input-> m2", lambda e: e.name == "input->m2"),
        ("a0.h1 logits", lambda e: e.name == "a0.h1->logits"),
        ("", lambda e: True),
    ],
)  # fmt: skip
def test_typed_words_mean_the_edges_that_a_reader_of_the_names_expects(text: str, test) -> None:
    mask = names_of(GRAPH).edge_mask(text, {})
    assert {GRAPH.edge(int(i)).name for i in np.flatnonzero(mask)} == matching(GRAPH, test)


def test_nodes_are_found_by_name_layer_and_as_the_ends_of_an_edge() -> None:
    names = names_of(GRAPH)

    def found(text: str) -> list[str]:
        return [GRAPH.nodes[i].name for i in np.flatnonzero(names.node_mask(text, {}))]

    assert found("a1") == ["a1.h0", "a1.h1", "a1.h2", "a1.h3"]
    assert found("a1.kv1") == ["a1.h2", "a1.h3"]
    assert found("layer 2") == ["a2.h0", "a2.h1", "a2.h2", "a2.h3", "m2"]
    assert set(found("m0->a1.h1<q>")) == {"m0", "a1.h1"}
    assert found("inp") == ["input"]


@pytest.mark.parametrize("text", ["banana", "a1.h0->?", "9", "m1 what"])
def test_words_that_mean_nothing_are_answered_with_examples(text: str) -> None:
    for choose in (names_of(GRAPH).edge_mask, names_of(GRAPH).node_mask):
        with pytest.raises(NotAName, match=r"names nothing here\. Try a9"):
            choose(text, {})


# ---- rows ------------------------------------------------------------------------------------------------------


def test_a_row_says_what_is_known_of_its_edge_or_node() -> None:
    cut = edge("a0.h1->logits")
    table = data(measured={cut: -0.5, Node("mlp", 1): 0.25}, edits={cut: "zero", Node("mlp", 1): "from B"})
    number = GRAPH.edge_index(cut)
    assert table.scores is not None
    rows = edge_rows(table)
    score = table.scores[number]
    words = f"{'−' if score > 0 else '+'}{abs(score):.{2 if abs(score) >= 1 else 3}f}"
    kept = "kept" if number in table.kept else ""
    assert rows.values(number) == ["a0.h1", "logits", words, "−0.500", "zero", kept, "0 →"]
    assert rows.describe(number).startswith(
        f"edge from head 1 of layer 0 to the output, estimated change {words} (replaced from B), "
        "measured change −0.500, edited: zero"
    )

    nodes = node_rows(table)
    mlp = GRAPH.writer_index(Node("mlp", 1))
    total = table.scores[GRAPH.edges_out_of(Node("mlp", 1))].sum()
    values = nodes.values(mlp)
    assert values[:2] == ["m1", "MLP of layer 1"]
    assert float(values[2].replace("−", "-")) == pytest.approx(-total, abs=0.006)
    assert values[3:6] == ["+0.250", "", "from B"]
    assert nodes.values(len(GRAPH.nodes) - 1)[2] == ""  # the output writes nothing


def test_a_circuit_keeps_the_ends_of_its_edges() -> None:
    index = GRAPH.index("m0->a1.kv1<k>")
    table = TableData(GRAPH, kept=np.array([index]))
    rows = node_rows(table)
    kept = {node.name for number, node in enumerate(GRAPH.nodes) if rows.values(number)[6] == "kept"}
    assert kept == {"m0", "a1.h2", "a1.h3"}  # the heads that share the K/V head


def test_an_edge_in_words() -> None:
    assert edge_words(edge("input->m2")) == "edge from the input to MLP of layer 2"
    assert edge_words(edge("m0->a2.kv1<v>")) == "edge from MLP of layer 0 to the value of K/V head 1 of layer 2"
    assert edge_words(edge("a0.h3->a1.h2<q>")) == "edge from head 3 of layer 0 to the query of head 2 of layer 1"


# ---- sorting and filtering ---------------------------------------------------------------------------------------


def test_columns_sort_by_size_and_back_by_a_click_on_their_head(panel: TablePanel, qtbot) -> None:
    table = data()
    panel.set_data(table)
    assert table.scores is not None
    strongest = [int(i) for i in np.argsort(-np.abs(table.scores), kind="stable")]
    assert panel.view.lines.shown.tolist() == strongest
    header = panel.view.horizontalHeader()

    def click(column: int) -> None:
        at = QPoint(header.sectionViewportPosition(column) + 12, header.height() // 2)
        qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)

    click(2)
    assert np.abs(table.scores[panel.view.lines.shown]).tolist() == sorted(np.abs(table.scores).tolist())
    click(0)
    writers = GRAPH.edge_writers[panel.view.lines.shown]
    assert writers.tolist() == sorted(writers.tolist())
    assert header.sortIndicatorOrder() == Qt.SortOrder.AscendingOrder
    assert header.sortIndicatorSection() == 0
    click(5)
    assert [line[5] for line in lines(panel)[:10]] == ["kept"] * 10


def test_the_filter_shows_fewer_lines_and_says_how_many(panel: TablePanel) -> None:
    cut = edge("a0.h1->logits")
    panel.set_data(data(edits={cut: "zero"}))
    use_filter(panel, "edited")
    assert [line[:2] for line in lines(panel)] == [["a0.h1", "logits"]]
    assert panel.count.text() == f"1 of {GRAPH.n_edges} edges"
    use_filter(panel, "kept raises")
    scores = panel.view.lines.rows.data.scores
    expected = {int(i) for i in panel.view.lines.rows.data.kept if scores[i] > 0}
    assert set(panel.view.lines.shown.tolist()) == expected
    use_filter(panel, "nonsense")
    assert "names nothing here" in panel.problem.text()
    assert panel.problem.isVisible()
    assert panel.view.lines.rowCount() == GRAPH.n_edges  # nothing is lost meanwhile
    use_filter(panel, "edited lowers raises")
    assert panel.problem.text() == "No line fits the filter."
    panel.filter.clear()
    QTest.keyClick(panel.filter, Qt.Key.Key_Return)
    assert not panel.problem.isVisible()
    assert panel.count.text() == f"{GRAPH.n_edges} edges"


# ---- selection ----------------------------------------------------------------------------------------------------


def click_line(panel: TablePanel, qtbot, line: int, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    box = panel.view.visualRect(panel.view.lines.index(line, 0))
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, modifier, box.center())


def test_clicks_and_keys_select_and_what_is_selected_stays_so_when_it_moves(panel: TablePanel, qtbot) -> None:
    panel.set_data(data())
    said: list = []
    panel.selection_changed.connect(said.append)
    first, second = (GRAPH.edge(int(panel.view.lines.shown[line])) for line in (1, 3))
    click_line(panel, qtbot, 1)
    assert said == [(first,)]
    click_line(panel, qtbot, 3, Qt.KeyboardModifier.ControlModifier)
    assert set(said[-1]) == {first, second}
    assert panel.count.text().endswith("2 selected")
    before = len(said)
    panel.view.sort_by(0)
    use_filter(panel, first.writer.name)
    panel.set_data(data(edits={first: "zero"}))
    chosen = panel.view.lines.targets(panel.view.chosen())
    assert first in chosen
    assert len(said) == before
    panel.view.setFocus()
    QTest.keyClick(panel.view, Qt.Key.Key_Escape)
    assert said[-1] == ()


def test_what_is_selected_elsewhere_is_shown_in_its_own_kind_of_table(panel: TablePanel) -> None:
    panel.set_data(data())
    said: list = []
    panel.selection_changed.connect(said.append)
    panel.set_selection((Node("head", 1, 2),))
    assert panel.kind() == "nodes"
    (line,) = panel.view.chosen().tolist()
    assert panel.view.lines.texts(line)[0] == "a1.h2"
    weakest = GRAPH.edge(int(np.argmin(np.abs(panel.view.lines.rows.data.scores))))
    panel.set_selection((weakest,))
    assert panel.kind() == "edges"
    (line,) = panel.view.chosen().tolist()
    box = panel.view.visualRect(panel.view.lines.index(line, 0))
    assert panel.view.viewport().rect().contains(box.center())  # it was scrolled to
    use_filter(panel, "edited")
    assert "No line fits" in panel.problem.text()
    assert panel.count.text().endswith("the selection is filtered away")
    panel.set_selection(())
    assert said == []


def test_lines_are_copied_as_text_and_as_csv(panel: TablePanel, qtbot) -> None:
    table = data(edits={edge("a0.h1->logits"): "zero"})
    panel.set_data(table)
    click_line(panel, qtbot, 0)
    QTest.keyClick(panel.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    head, line = QGuiApplication.clipboard().text().splitlines()
    assert head.split("\t") == ["Writer", "Reader", "Estimated", "Measured", "Edit", "Circuit", "Layer"]
    assert line.split("\t")[:2] == panel.view.lines.texts(0)[:2]
    assert float(line.split("\t")[2]) == pytest.approx(-table.scores[panel.view.lines.shown[0]], abs=0.01)
    panel.view.clearSelection()
    menu = panel.make_menu()
    next(action for action in menu.actions() if action.text() == "Copy All Lines as CSV").trigger()
    assert len(QGuiApplication.clipboard().text().splitlines()) == 1 + GRAPH.n_edges
    menu.close()
    QGuiApplication.clipboard().clear()


# ---- for a screen reader ------------------------------------------------------------------------------------------


def test_a_screen_reader_hears_the_columns_the_cells_and_the_whole_line(panel: TablePanel) -> None:
    cut = edge("a0.h1->logits")
    panel.set_data(data(edits={cut: "zero"}))
    use_filter(panel, "edited")
    table = QAccessible.queryAccessibleInterface(panel.view)
    assert table.role() == QAccessible.Role.Table
    assert table.text(QAccessible.Text.Name) == "Table of the graph"
    kinds = [table.child(i) for i in range(table.childCount())]
    heads = [each.text(QAccessible.Text.Name) for each in kinds if each.role() == QAccessible.Role.ColumnHeader]
    assert heads == ["Writer", "Reader", "Estimated", "Measured", "Edit", "Circuit", "Layer"]
    cells = [each for each in kinds if each.role() == QAccessible.Role.Cell]
    assert [cell.text(QAccessible.Text.Name) for cell in cells][:2] == ["Writer: a0.h1", "Reader: logits"]
    assert cells[4].text(QAccessible.Text.Name) == "Edit: zero"
    heard = cells[0].text(QAccessible.Text.Description)
    assert heard.startswith("edge from head 1 of layer 0 to the output, estimated change")
    assert "edited: zero" in heard


def test_tab_leaves_the_table(panel: TablePanel, qtbot) -> None:
    panel.set_data(data())
    panel.activateWindow()
    panel.view.setFocus()
    qtbot.waitUntil(panel.view.hasFocus)
    QTest.keyClick(panel.view, Qt.Key.Key_Tab)
    assert not panel.view.hasFocus()


# ---- size -----------------------------------------------------------------------------------------------------------


def test_a_table_of_300_000_edges_never_holds_the_window_up(panel: TablePanel, qtbot) -> None:
    graph = Graph(28, 16, 16)
    assert graph.n_edges > 300_000
    names_of(graph)
    _ = graph.edge_readers, graph.edge_writers
    table, other = data(graph), data(graph)
    took: dict[str, float] = {}

    def time_it(what: str, act) -> None:
        """What it takes until it is painted, on this thread alone."""
        start = time.thread_time()
        act()
        panel.view.viewport().repaint()
        took[what] = time.thread_time() - start

    time_it("first", lambda: panel.set_data(table))
    for number, column in enumerate(panel.view.lines.rows.columns):
        time_it(f"sort by {column.title}", lambda number=number: panel.view.sort_by(number))
    time_it("filter", lambda: panel.view.lines.set_filter("a9->a11 raises"))
    time_it("no filter", lambda: panel.view.lines.set_filter(""))
    time_it("the end", panel.view.scrollToBottom)
    time_it("select", lambda: panel.set_selection((graph.edge(7), graph.edge(299_000))))
    time_it("all", panel.view.selectAll)
    time_it("other numbers", lambda: panel.set_data(other))
    flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
    time_it("one", lambda: panel.view.selectionModel().select(panel.view.lines.index(0, 0), flag))
    print({what: round(seconds * 1000) for what, seconds in took.items()})
    assert {what: seconds for what, seconds in took.items() if seconds > BLOCKED} == {}


def test_input_and_output_are_rows_too(panel: TablePanel) -> None:
    panel.set_data(TableData(GRAPH, input_label="input · token", output_label="class scores"))
    panel.set_selection((INPUT,))
    first, last = panel.view.lines.lines_of((INPUT, LOGITS)).tolist()
    texts = sorted([panel.view.lines.texts(first)[:2], panel.view.lines.texts(last)[:2]])
    assert texts == [["input", "input · token"], ["logits", "class scores"]]


def test_rows_without_the_column_that_was_sorted_by_take_the_usual_order(qtbot) -> None:
    lines = RowsModel()
    nodes, edges = node_rows(data()), edge_rows(data())
    few, many = sorted((nodes, edges), key=lambda rows: len(rows.columns))
    lines.set_rows(many)
    lines.sort(len(many.columns) - 1)
    lines.set_rows(few)
    assert lines.rowCount() == few.count
    assert lines.sorted_by[0] < len(few.columns)


def test_a_table_of_very_many_edges_holds_no_array_of_them_but_their_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    """The marks of a circuit and of a filter are a byte each; what is sorted is looked at a part at a time."""
    monkeypatch.setattr(model, "SORTED", 1000)
    monkeypatch.setattr(model, "MOST_LINES", 1000)
    monkeypatch.setattr(ranked_order, "PART", 10_000)
    graph = Graph(28, 32, 8)
    table = data(graph)
    assert table.scores is not None
    large = TableData(graph, table.scores, None, table.kept, {graph.edge(3): 0.5}, {graph.edge(5): "zero"})
    names_of(graph)
    tracemalloc.start()
    lines = RowsModel()
    lines.set_rows(edge_rows(large))
    for column in range(len(lines.columns())):
        for way in (UP, DOWN):
            lines.sort(column, way)
    for words in ("layer 3", "a9.h6->", "a1->a2<q>", "raises", "towards", "kept", "edited", "measured away"):
        lines.set_filter(words)
        assert not lines.problem
        assert lines.rowCount() > 0 or words == "measured away"
    lines.set_filter("")
    lines.set_rows(edge_rows(large))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most / graph.n_edges < 6


def test_of_very_many_rows_the_first_are_shown_and_counted(panel: TablePanel, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are those of the whole order, also by another column and of what a filter keeps."""
    whole, orders = RowsModel(), ((2, DOWN), (2, UP), (1, DOWN), (0, UP))
    whole.set_rows(edge_rows(data()))
    expected = []
    for words, (column, order) in product(("", "a1"), orders):
        whole.set_filter(words)
        whole.sort(column, order)
        expected.append(whole.shown)
    monkeypatch.setattr(model, "SORTED", 10)
    monkeypatch.setattr(model, "MOST_LINES", 6)
    panel.set_data(data())
    for (words, (column, order)), lines in zip(product(("", "a1"), orders), expected, strict=True):
        use_filter(panel, words)
        panel.view.lines.sort(column, order)
        assert np.array_equal(panel.view.lines.shown, lines[:6])
        assert panel.count.text().startswith(f"the first 6 of {len(lines)} edges")
