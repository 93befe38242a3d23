"""How often the canvas's data are built: a cut of an edge once when it is made, and once with its figures."""

from __future__ import annotations

import pytest

from app.workbench.canvas_feed import CanvasFeed
from app.workbench.worker_client import WorkerClient
from tests.app.person import Person
from views.canvas.data import CanvasData


@pytest.fixture
def builds(reader: Person, monkeypatch: pytest.MonkeyPatch) -> list[CanvasData]:
    """What is built from now on, however long the answers of one request take."""
    made: list[CanvasData] = []
    feed = reader.workbench.presenter.canvas_feed
    build = feed._build

    def counted() -> CanvasData | None:
        data = build()
        if data is not None:
            made.append(data)
        return data

    monkeypatch.setattr(feed, "_build", counted)
    feed._waiting.setInterval(1_000_000)
    return made


def test_the_canvas_is_built_twice_a_cut(reader: Person, builds: list[CanvasData]) -> None:
    graph = reader.workbench.opened.graph
    for edge in (graph.edge(3), graph.edge(7)):
        builds.clear()
        reader.workbench.editing.toggle(edge, "cut")
        assert len(builds) == 1, "the cut itself is drawn at once"
        reader.rest()
        assert 1 <= len(builds) <= 2
        assert builds[-1] == reader.window.canvas._scene.data
        assert not builds[-1].stale


def test_the_canvas_is_built_once_an_undo(reader: Person, builds: list[CanvasData]) -> None:
    graph = reader.workbench.opened.graph
    for edge in (graph.edge(3), graph.edge(7)):
        reader.workbench.editing.toggle(edge, "cut")
        reader.rest()
    for key in ("undo", "redo"):  # to a step with edits, and back
        builds.clear()
        reader.window.commands[key].trigger()
        assert len(builds) == 1, "the step itself is drawn at once"
        reader.rest()
        assert 1 <= len(builds) <= 2
        assert builds[-1] == reader.window.canvas._scene.data


def test_a_selection_is_one_build_and_one_with_its_figures(reader: Person, builds: list[CanvasData]) -> None:
    reader.workbench.select((reader.workbench.opened.graph.nodes[2],))
    assert len(builds) == 1
    reader.rest()
    assert len(builds) == 2


def test_answers_that_come_apart_are_shown_one_by_one(qapp, qtbot) -> None:
    state = {"data": None}
    feed = CanvasFeed(lambda: state["data"])
    sent: list[CanvasData] = []
    feed.changed.connect(sent.append)
    feed.send()
    assert not sent, "there is nothing to draw yet"
    state["data"] = "first"
    with feed.as_one():
        feed.send()
        feed.send()
        assert not sent
    assert sent == ["first"]
    state["data"] = "second"
    feed.send_later()
    feed.send_later()
    assert sent == ["first"]
    with qtbot.waitSignal(feed.changed):
        pass
    feed.flush()
    assert sent == ["first", "second"]


def test_the_last_picture_stays_dimmed_while_another_model_opens(reader: Person, models, monkeypatch) -> None:
    shown: list[CanvasData] = []
    before = reader.window.canvas.scene.data
    reader.workbench.canvas_changed.connect(shown.append)
    with monkeypatch.context() as held:  # the request is not sent, however slow the machine is
        held.setattr(WorkerClient, "_send", lambda self: None)
        reader.workbench.models.open_model(str(models.llama))
        reader.wait(lambda: shown)
        assert reader.workbench.opened is None
        assert [(data.graph, data.edges, data.stale) for data in shown] == [(before.graph, before.edges, True)]
        assert reader.window.canvas.scene.data is shown[0]
    reader.workbench.ask()
    reader.wait(lambda: reader.workbench.opened is not None)
    reader.rest()
    assert {data.graph for data in shown[1:]} == {reader.workbench.opened.graph}, "nothing of the model before comes"
    assert not shown[-1].stale
