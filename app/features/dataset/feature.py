"""The dock *Dataset*: the rows that a trace goes over, where they come from, what each is worth, saved as a table."""

from __future__ import annotations

from app.features.dataset.controller.rows import DatasetController
from app.services.actions import Action
from app.services.context import Feature
from app.workbench.workbench import Workbench
from views.panels.dataset.panel import DatasetPanel


def why_no_rows(workbench: Workbench) -> str:
    return "" if workbench.document.dataset else "The dataset has no rows"


def why_no_pictures(workbench: Workbench) -> str:
    """Why rows cannot be pictures."""
    opened = workbench.opened
    return "" if opened is not None and not opened.is_text else "Open a model that sees pictures first"


def why_no_making(workbench: Workbench) -> str:
    """Why the rows cannot get a B as card B got it."""
    b = workbench.document.counterfactual
    if b is None or b.corruption is None:
        return "Make B from A on the cards first"
    pictures = any(row.clean.kind == "image" for row in workbench.document.dataset)
    return "" if pictures else "The dataset has no rows of pictures"


ACTIONS = (
    Action(
        "dataset_add",
        "&Add the Pair to the Dataset",
        ("Ctrl+D",),
        "The pair on the cards becomes a row",
        run=DatasetController.add_pair,
    ),
    Action(
        "dataset_open",
        "&Open a Dataset…",
        (),
        "A CSV, TSV or JSONL file in place of these rows; undo returns them",
        run=DatasetController.choose,
    ),
    Action(
        "dataset_append",
        "A&ppend a Dataset…",
        (),
        "The rows of a CSV, TSV or JSONL file after those here",
        run=lambda made: made.choose(append=True),
    ),
    Action(
        "dataset_folder",
        "Open a &Folder of Pictures…",
        (),
        "A row for each picture in a folder, in place of these rows; undo returns them",
        why_not=why_no_pictures,
        run=DatasetController.choose_folder,
    ),
    Action(
        "dataset_film",
        "Open the F&rames of a Film…",
        (),
        "A row for one of every so many frames, in place of these rows; undo returns them",
        why_not=why_no_pictures,
        run=DatasetController.choose_film,
    ),
    Action(
        "dataset_make_b",
        "&Make B of Every Row as on Card B",
        (),
        "Each picture is changed as A was to make B: blurred, with the word printed on it, in the same patches",
        why_not=why_no_making,
        run=DatasetController.make_b,
    ),
    Action(
        "dataset_save",
        "&Save the Dataset…",
        (),
        "The rows as a CSV, TSV or JSONL file",
        why_not=why_no_rows,
        run=lambda made: made.saver.save(),
    ),
    Action(
        "dataset_clear",
        "&Clear the Dataset",
        (),
        "Take all rows away; undo brings them back",
        why_not=why_no_rows,
        run=DatasetController.clear,
    ),
)
FEATURE = Feature(
    key="dataset",
    panel=DatasetPanel,
    actions=ACTIONS,
    menus={"dataset": "&Dataset"},
    handlers="app.features.dataset.handlers",
    build=lambda context, panel: DatasetController(
        context.workbench, panel, context.panels, context.settings, context.actions, context.menus, context.jobs
    ),
)
