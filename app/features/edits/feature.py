"""Edits of what is selected, groups of it, and the list of edits, which lies in the panel of the inputs."""

from __future__ import annotations

from app.features.edits.controller import EditsController
from app.services.actions import Action
from app.services.context import Feature
from app.workbench.edit_intents import NO_ARROW
from app.workbench.workbench import Workbench


def why_no_edit(workbench: Workbench) -> str:
    return "" if workbench.editing.editable() else "Select a node or a wire first"


def why_no_knockout(workbench: Workbench) -> str:
    return "" if workbench.arrow is not None or workbench.editing.experts() else NO_ARROW


def why_no_restore(workbench: Workbench) -> str:
    return "" if workbench.editing.edited() else "Select what is edited"


def why_no_reset(workbench: Workbench) -> str:
    return "" if workbench.document.edits else "Nothing is edited"


def why_no_group(workbench: Workbench) -> str:
    grouping = workbench.grouping
    return grouping.why_not() or ("" if grouping.selected() is None else "These are a group already")


def why_no_ungroup(workbench: Workbench) -> str:
    return "" if workbench.grouping.touched() else "Select a group"


ACTIONS = (
    Action(
        "cut",
        "&Cut Selection",
        ("X",),
        "Cut or restore what is selected",
        "cut",
        why_not=why_no_edit,
        run=EditsController.cut,
    ),
    Action(
        "patch",
        "&Patch Selection from B",
        ("P",),
        "Patch or restore what is selected",
        "patch",
        why_not=why_no_edit,
        run=EditsController.patch,
    ),
    Action(
        "knock_out",
        "Knock Out the Weight",
        ("K",),
        "Hide the position from the head, or the expert from its router: the other weights grow",
        "cut",
        why_not=why_no_knockout,
        run=EditsController.knock_out,
    ),
    Action(
        "restore",
        "&Restore Selection",
        ("R",),
        "Take the edits of the selection back",
        why_not=why_no_restore,
        run=EditsController.restore,
    ),
    Action(
        "reset",
        "Reset &All Edits",
        ("Ctrl+Backspace",),
        "Take all edits back; undo brings them again",
        "reset",
        why_not=why_no_reset,
        run=EditsController.reset,
    ),
    Action(
        "group",
        "&Group Selection",
        ("Ctrl+G",),
        "See and edit the selected nodes as one",
        why_not=why_no_group,
        run=EditsController.group,
    ),
    Action(
        "ungroup",
        "&Ungroup",
        ("Ctrl+Shift+G",),
        "Take the selected group apart",
        why_not=why_no_ungroup,
        run=EditsController.ungroup,
    ),
)


FEATURE = Feature(
    key="edits",
    actions=ACTIONS,
    build=lambda context, _panel: EditsController(context.workbench, context.panels["inputs"].edits),
)
