"""From what the user does in the panels to the workbench: every signal and every action of the window."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from app.window.dock_layout import dock_slots

if TYPE_CHECKING:
    from app.window.main_window import Window


def slots(window: Window) -> dict[str, Callable[[], None]]:
    """What each action does, by its key."""
    return {
        "quit": window.close_window,
        "palette": window.palette_commands.toggle,
        "next_panel": partial(window.panel_focus.step, 1),
        "previous_panel": partial(window.panel_focus.step, -1),
        **dock_slots(window),
        "full_screen": window.toggle_full_screen,
    }


def join(window: Window) -> None:
    """Connect the panels' signals."""
    workbench = window.workbench
    window.top_bar.replacement_changed.connect(workbench.question.set_replacement)
