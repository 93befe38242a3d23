"""The top bar, the status strip and the welcome page."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu

from views.panels.status.panel import StatusStrip
from views.panels.toolbar.panel import TopBar
from views.panels.tracing.data import MethodData, OptionData, TraceData
from views.panels.welcome.data import PackRow
from views.panels.welcome.panel import WelcomePanel


def catch(signal) -> list:
    caught: list = []
    signal.connect(lambda *values: caught.append(values[0] if values else None))
    return caught


def click(qtbot, widget) -> None:
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


# ---- top bar -----------------------------------------------------------------------------------------------


@pytest.fixture
def bar(show) -> TopBar:
    bar = TopBar()
    menu = QMenu(bar)
    bar.set_actions(QAction("&Undo", bar), QAction("&Redo", bar), menu)
    bar.set_model("SmolLM2-135M", "30 layers · 9 heads · fp32 · cpu")
    steps = OptionData("steps", "Steps", 5, 5, 1, 200)
    methods = (
        MethodData("eap", "EAP", "gradients at A"),
        MethodData("eap-ig", "EAP-IG", "gradients averaged", (steps,)),
        MethodData("relp", "RelP", "relevance", (), "RelP is for language models only."),
        MethodData("exact-scan", "Exact scan", "every edit really made", (), "", "about 4 min"),
    )
    bar.set_tracing(TraceData(methods, "eap-ig", False, 24, ""))
    return show(bar, 1440, 46)


def test_one_tool_at_a_time(bar, qtbot):
    changed = catch(bar.tool_changed)
    assert bar.tool() == "select"
    click(qtbot, bar.tools["cut"])
    click(qtbot, bar.tools["patch"])
    assert changed == ["cut", "patch"]
    assert [name for name, button in bar.tools.items() if button.isChecked()] == ["patch"]


def test_the_replacement_is_chosen_from_its_menu(bar, qtbot):
    changed = catch(bar.replacement_changed)
    click(qtbot, bar.replacement)
    assert bar.replacement_menu.isVisible()
    action = next(action for action in bar.replacement_menu.actions() if action.text() == "mean")
    action.trigger()
    bar.replacement_menu.close()
    assert changed == ["mean"]
    assert bar.replacement.words() == "replace with: mean"


@pytest.mark.parametrize(("kind", "puts"), [("patch", "from B"), ("zero", "zero"), ("mean", "mean")])
def test_cut_and_patch_say_what_they_put_in(bar, kind, puts):
    bar.set_replacement(kind)
    assert bar.tools["cut"].words() == f"Cut {puts}  X"
    assert bar.tools["patch"].words() == "Patch from B  P"
    assert ("just what Patch does" in bar.tools["cut"].toolTip()) == (kind == "patch")


def test_without_a_counterfactual_nothing_comes_from_b(bar, qtbot):
    click(qtbot, bar.tools["patch"])
    bar.set_counterfactual(False)
    assert bar.tool() == "select"
    assert not bar.tools["patch"].isEnabled()
    assert "fill card B" in bar.tools["patch"].toolTip()
    bar.set_counterfactual(True)
    assert bar.tools["patch"].isEnabled()


def test_the_menu_of_trace_says_what_there_is_and_what_not(bar, qtbot):
    asked = catch(bar.trace_requested)
    menu = bar.method_menu
    chosen, told, over = catch(menu.method_chosen), catch(menu.option_changed), catch(menu.over_chosen)
    click(qtbot, bar.trace)
    assert len(asked) == 1
    click(qtbot, bar.method)
    assert menu.isVisible()
    assert not menu.methods["relp"].isEnabled()
    assert "language models only" in menu.methods["relp"].text()
    assert "about 4 min" in menu.methods["exact-scan"].text()
    assert menu.methods["eap-ig"].isChecked()
    menu.fields["steps"].setFocus()
    menu.fields["steps"].setValue(9)
    menu.methods["eap"].trigger()
    menu.over[True].trigger()
    menu.close()
    assert chosen == ["eap"]
    assert told == ["steps"]
    assert menu.fields["steps"].value() == 9
    assert over == [True]
    assert menu.over[True].text() == "Over the dataset: 24 pairs"
    assert "EAP-IG" in bar.trace.toolTip()
    bar.set_tracing(TraceData(menu.data.methods, "eap", False, 0, "the dataset has no rows"))
    assert not menu.fields
    assert not menu.over[True].isEnabled()


def test_undo_and_redo_follow_their_actions(show, qtbot):
    bar = TopBar()
    undo, redo = QAction("&Undo", bar), QAction("&Redo", bar)
    bar.set_actions(undo, redo, QMenu(bar))
    redo.setEnabled(False)
    show(bar, 1200, 46)
    done = catch(undo.triggered)
    click(qtbot, bar.undo)
    assert len(done) == 1
    assert not bar.redo.isEnabled()


@pytest.mark.parametrize("width", [1024, 1440])
def test_everything_has_room(bar, width):
    """At 1024 pixels only the model's details give way."""
    bar.resize(width, 46)
    for _ in range(3):
        QApplication.processEvents()
    assert bar.minimumSizeHint().width() <= 1024
    assert bar.trace.text().startswith("Trace · EAP-IG")  # by what it traces is said before the model's details
    for widget in (*bar.tools.values(), bar.replacement, bar.undo, bar.redo, bar.export):
        assert widget.width() >= widget.sizeHint().width() - 4, "no more than some of its padding gives way"
        assert widget.geometry().right() <= bar.width()
    if width == 1440:
        assert bar.model.width() >= bar.model.sizeHint().width()


def test_the_model_button_opens_the_menu_it_was_given(bar, qtbot):
    menu = QMenu(bar)
    menu.addAction("Open a folder…")
    bar.set_model_menu(menu)
    click(qtbot, bar.model)
    assert menu.isVisible()
    menu.close()


# ---- status ------------------------------------------------------------------------------------------------


def test_status_says_parity_memory_work_and_message(show, qtbot, texts):
    strip = show(StatusStrip(), 1440, 32)
    strip.set_parity("parity 3e-6", True)
    strip.set_memory("memory 1.2 GB")
    strip.set_work("Measuring 214 edges", 0.61)
    strip.set_message("a18.h4 cut")
    QApplication.processEvents()
    assert set(texts(strip)) >= {"parity 3e-6", "memory 1.2 GB", "Measuring 214 edges", "a18.h4 cut"}
    assert strip.parity.color() == "good"
    cancelled = catch(strip.cancel_requested)
    click(qtbot, strip.cancel)
    assert len(cancelled) == 1
    height = strip.sizeHint().height()
    strip.clear_work()
    assert not strip.cancel.isVisible()
    assert "Measuring 214 edges" not in texts(strip)
    assert strip.sizeHint().height() == height


def test_bad_parity_is_not_green(show):
    strip = show(StatusStrip(), 800, 32)
    strip.set_parity("parity 0.2", False)
    assert strip.parity.color() == "negative"


def test_work_of_unknown_length_moves_and_stops_with_it(show):
    strip = show(StatusStrip(), 800, 32)
    strip.set_work("Loading", None)
    assert strip.progress._timer.isActive()
    strip.clear_work()
    assert not strip.progress._timer.isActive()


# ---- welcome -----------------------------------------------------------------------------------------------


@pytest.fixture
def welcome(show) -> WelcomePanel:
    panel = show(WelcomePanel(), 760, 720)
    panel.set_examples([("ioi", "Who gets the drink?", "A small GPT-2"), ("shape", "Name the shape", "A ViT")])
    panel.set_packs(
        [
            PackRow("smollm2", "SmolLM2-135M", "A language model", "92 MB", license="Apache-2.0"),
            PackRow("dinov2-small", "DINOv2 small", "A vision model", "46 MB", installed=True),
        ]
    )
    panel.set_recent(["bundled:names", "/models/gpt2"])
    QApplication.processEvents()
    return panel


def test_examples_recent_models_and_folders(welcome, qtbot):
    example, recent, folder = (
        catch(signal) for signal in (welcome.example_chosen, welcome.recent_chosen, welcome.open_folder_requested)
    )
    click(qtbot, welcome.example_buttons["shape"])
    click(qtbot, welcome.recent_buttons["/models/gpt2"])
    click(qtbot, welcome.folder)
    assert (example, recent, len(folder)) == (["shape"], ["/models/gpt2"], 1)


def test_a_pack_says_its_size_and_licence_before_it_is_got(welcome, qtbot, texts):
    assert "92 MB · Apache-2.0" in texts(welcome)
    got, opened = catch(welcome.pack_requested), catch(welcome.model_requested)
    click(qtbot, welcome.packs["smollm2"].button)
    click(qtbot, welcome.packs["dinov2-small"].button)
    assert (got, opened) == (["smollm2"], ["pack:dinov2-small"])


def test_getting_a_pack_shows_progress_and_can_be_cancelled(welcome, qtbot, texts):
    card = welcome.packs["smollm2"]
    welcome.set_pack_progress("smollm2", 0.4, "37 of 92 MB")
    QApplication.processEvents()
    assert "37 of 92 MB" in texts(welcome)
    assert card.progress.fraction() == 0.4
    assert not card.button.isEnabled()
    cancelled = catch(welcome.pack_cancelled)
    click(qtbot, card.cancel)
    assert cancelled == ["smollm2"]
    welcome.clear_pack_progress("smollm2")
    assert card.button.isEnabled()
    assert not card.progress.isVisible()
