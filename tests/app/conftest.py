"""The whole application on small models, offscreen: a window, its worker's thread, and a person in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.window.main_window import Window
from app.workbench.worker_thread import Server
from core.evaluation.report import QUESTIONS
from core.metrics import logit_difference
from core.models.loading import load_model
from core.project.metric_choice import MetricChoice
from core.session import Session
from tests.app.command_line import METRIC as COMMANDED
from tests.app.models import CLEAN, COUNTERFACTUAL, SAVERS, SIDE
from tests.app.person import PATIENCE, Person
from views import theme

METRIC = MetricChoice("logit_difference", " Mary", " John")


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Folders of the small models, by name."""
    root = tmp_path_factory.mktemp("models")
    for name, save in SAVERS.items():
        save(root / name)
    return SimpleNamespace(**{name: root / name for name in SAVERS})


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A picture of its own for each file name, in the format that the name says."""
    folder = tmp_path_factory.mktemp("pictures")

    def make(name: str) -> Path:
        path = folder / name
        if not path.exists():
            picture(sum(name.encode())).save(path)
        return path

    return make


def picture(seed: int) -> Image.Image:
    """Noise in blocks of 8 pixels, so that it stays what it is when it is resized."""
    values = np.random.default_rng(seed).integers(0, 256, (SIDE // 8, SIDE // 8, 3), dtype=np.uint8)
    return Image.fromarray(values).resize((2 * SIDE, 2 * SIDE), Image.Resampling.NEAREST)


@pytest.fixture
def short_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluations do not look for other circuits and at other tasks, which takes more than all else together."""
    for question in ("a second circuit", "other tasks"):
        monkeypatch.delitem(QUESTIONS, question)


@pytest.fixture
def sit_down(qapp: QApplication, qtbot) -> Iterator[Callable[..., Person]]:
    """Open a window, as often as wanted: by the usual service of its worker's thread, or another one."""
    from app.__main__ import make_worker_service
    from app.window.application import make_window

    theme.set_choice("dark")
    theme.apply(qapp)

    def open_one(make_service: Callable[[], Server] = make_worker_service) -> Person:
        window = make_window(make_service)
        qtbot.addWidget(window)
        with qtbot.waitActive(window, timeout=PATIENCE):
            window.show()
            window.activateWindow()
        return Person(window, qtbot)

    yield open_one
    QApplication.clipboard().clear()  # data made in Python must not outlive Python
    theme.set_choice("dark")


@pytest.fixture
def person(sit_down: Callable[[], Person]) -> Person:
    """Somebody at a new window without a model."""
    return sit_down()


@pytest.fixture
def reader(person: Person, models: SimpleNamespace) -> Person:
    """With the small GPT-2 open, A and B aligned, and a logit difference."""
    person.open(models.gpt2, CLEAN, COUNTERFACTUAL, METRIC)
    assert not person.dialogs()
    return person


@pytest.fixture(scope="module")
def window_to_look_at(qapp: QApplication, models: SimpleNamespace) -> Iterator[Window]:
    from app.__main__ import make_worker_service
    from app.window.application import make_window

    theme.set_choice("dark")
    theme.apply(qapp)
    window = make_window(make_worker_service)
    window.show()
    yield window
    window.close()
    window.deleteLater()


@pytest.fixture
def onlooker(window_to_look_at: Window, models: SimpleNamespace, qtbot) -> Iterator[Person]:
    """Somebody at the window of `reader` who only looks, or puts back what he changes: one window for all such tests
    of a file. Making one takes longer than most looks."""
    window = window_to_look_at
    person = Person(window, qtbot)
    if not window.isActiveWindow():
        with qtbot.waitActive(window, timeout=PATIENCE):
            window.activateWindow()
    if person.workbench.opened is None:
        person.open(models.gpt2, CLEAN, COUNTERFACTUAL, METRIC)
    window.canvas.setFocus()
    before = state(person)
    yield person
    person.rest()
    window.canvas.choose(())
    window.commands["frame_all"].trigger()
    person.rest()
    person.wait(
        lambda: not any(timer.isActive() for timer in window.canvas.findChildren(QTimer))
    )  # it has come to rest
    assert state(person) == before, "the test leaves the window changed: it needs one of its own, `reader`"


def state(person: Person) -> dict[str, object]:
    """What a test that only looks leaves as it was."""
    window, workbench = person.window, person.workbench
    return {
        "document": workbench.document,
        "steps": sum(1 for _ in workbench.history.steps()),
        "selection": window.canvas.selection(),
        "camera": window.canvas.camera,
        "dialogs": len(person.dialogs()),
        "size": window.size(),
        "docks": [(key, dock.isVisible(), dock.isFloating()) for key, dock in window.docks.items()],
        "page": window.centre.currentWidget(),
        "theme": theme.choice(),
    }


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those who look at one window come last in their file: while it is there, every other one takes longer to make."""
    files = list(dict.fromkeys(item.path for item in items))
    place = {path: number for number, path in enumerate(files)}
    items.sort(key=lambda item: (place[item.path], "onlooker" in getattr(item, "fixturenames", ())))


@pytest.fixture
def viewer(person: Person, models: SimpleNamespace, pictures) -> Person:
    """With the small ViT open on two pictures."""
    person.open(models.vit, pictures("a.png"), pictures("b.png"))
    assert not person.dialogs()
    return person


# ---- the command line ------------------------------------------------------------------------------------------


@pytest.fixture
def pair(models: SimpleNamespace) -> list[str]:
    """The options of a model with its inputs and its metric."""
    inputs = ["--clean", CLEAN, "--counterfactual", COUNTERFACTUAL]
    return ["--model", str(models.gpt2), *inputs, "--metric", COMMANDED]


@pytest.fixture
def session(models: SimpleNamespace) -> Session:
    """What `pair` asks for, from the engine."""
    model = load_model(models.gpt2)
    return Session(model, model.pair(CLEAN, COUNTERFACTUAL), logit_difference(" Mary", " John"))
