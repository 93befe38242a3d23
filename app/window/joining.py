"""From what the user does in the panels to the workbench: every signal and every action of the window."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from app.features.inputs.controller.counterfactual import MAKE_ACTIONS
from app.window.dock_layout import dock_slots

if TYPE_CHECKING:
    from app.window.main_window import Window


def slots(window: Window) -> dict[str, Callable[[], None]]:
    """What each action does, by its key."""
    workbench = window.workbench
    return {
        "open_input_a": partial(window.taker.choose, "A"),
        "open_input_b": partial(window.taker.choose, "B"),
        "quit": window.close_window,
        "swap": workbench.question.swap,
        "palette": window.palette_commands.toggle,
        "pick_none": lambda: window.picked_positions.clear(),
        **{key: partial(_make_b, window, key) for key in MAKE_ACTIONS},
        "next_panel": partial(window.panel_focus.step, 1),
        "previous_panel": partial(window.panel_focus.step, -1),
        **dock_slots(window),
        "full_screen": window.toggle_full_screen,
    }


def join(window: Window) -> None:
    """Connect the panels' signals."""
    _join_inputs(window)
    workbench = window.workbench
    window.top_bar.replacement_changed.connect(workbench.question.set_replacement)


def _join_inputs(window: Window) -> None:
    inputs, taker, workbench = window.inputs, window.taker, window.workbench
    inputs.text_committed.connect(taker.take_text)
    inputs.text_dropped.connect(taker.take_text)
    inputs.image_requested.connect(taker.choose)
    inputs.paste_requested.connect(taker.paste)
    inputs.paths_dropped.connect(taker.take_paths)
    inputs.image_dropped.connect(taker.take_image)
    inputs.swap_requested.connect(workbench.question.swap)
    inputs.counterfactual_removed.connect(partial(workbench.question.set_source, "B", None))
    inputs.example_chosen.connect(workbench.models.open_example)
    inputs.metric_changed.connect(workbench.question.set_metric)
    inputs.restore_requested.connect(workbench.editing.restore)
    inputs.edit_selected.connect(partial(_select_edit, window))
    inputs.reset_requested.connect(workbench.editing.reset)


def _make_b(window: Window, key: str) -> None:
    window.making_b.make(key)


def _select_edit(window: Window, key: int) -> None:
    window.workbench.select((window.workbench.document.edits[key].target,))  # type: ignore[arg-type]
