"""Making B from A: the menu of card B, the same entries in Edit and the command palette, and what comes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMenu

from app.features.inputs.controller.making_reasons import (
    NO_WORDS,
    why_no_paste,
    why_no_picture,
    why_no_text,
    why_not_again,
)
from app.features.inputs.controller.mask import MaskController
from app.features.inputs.controller.sources import IMAGE_FILTER
from app.features.inputs.queries import FRESH, OTHER, TASK, CounterfactualQuery, CounterfactualReply
from app.messages.replies import ModelReply
from app.messages.request import QueryRefusal
from app.services.actions import Action, Actions
from app.services.settings import Settings
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench
from core.project.metric_choice import MetricChoice
from views.panels.inputs.panel import InputsPanel

# The actions of each kind of model: the key and the words of each, the kind of corruption that it asks for, its tip.
TEXT_ACTIONS = (
    ("make_names", "Other &Names", "names", "Each name of A becomes another one of as many tokens"),
    ("make_swap", "&Swap Names", "swap", "The names of A change places"),
    ("make_shuffle", "S&huffle Tokens", "shuffle", "The picked tokens of A, or all between the ends, change places"),
    ("make_mask", "&Mask Tokens", "mask", "The picked tokens of A, or some, become words without content"),
    ("make_task", "As Its &Task Would", TASK, "What the built-in task that A is a sentence of changes in it"),
)
IMAGE_ACTIONS = (
    ("make_other", "Another &Picture…", OTHER, "The picked patches, or all, from another picture"),
    ("make_blur", "&Blur", "blur", "The picked patches of A, or all, blurred"),
    ("make_mean", "Mean &Colour", "mean", "The picked patches of A, or all, in their mean colour"),
    ("make_noise", "N&oise", "noise", "The picked patches of A, or all, as noise of the same mean and spread"),
    ("make_patches", "Shuffl&e Patches", "shuffle", "The picked patches of A, or all, change places"),
    (
        "make_inpaint",
        "&Inpaint",
        "inpaint",
        "The picked patches of A are removed: what is around them goes on",
    ),
)
PASTE = "make_paste"
IMAGE_KEYS = (*(key for key, *_ in IMAGE_ACTIONS), PASTE, "make_word")
AGAIN = "make_again"
FROM_A = "Make B from A"


class CounterfactualController(QObject):
    """Asks the engine for a B and commits it."""

    made = Signal()
    refused = Signal(str)  # why there is no such B

    def __init__(
        self,
        workbench: Workbench,
        panel: InputsPanel,
        settings: Settings,
        actions: Actions,
        menus: Mapping[str, QMenu],
        masks: MaskController,
    ) -> None:
        super().__init__(panel)
        self._masks = masks
        self._workbench, self._panel, self._settings, self._actions = workbench, panel, settings, actions
        self._one_shot = OneShot[CounterfactualQuery](self._workbench, "make b")
        self._workbench.on(CounterfactualReply, self._take)
        self._workbench.on(QueryRefusal, self._take_refusal)
        self._workbench.model_opened.connect(self._fit_model)
        self._workbench.cards_changed.connect(lambda _a, _b: self._enable())
        self._fresh = QMenu("New A and B from a Tas&k", panel)
        self._fresh.setToolTipsVisible(True)
        panel.make_menu.aboutToShow.connect(self._fill)
        menu = menus["make"]
        menu.aboutToShow.connect(self._fill_fresh)
        for keys in ([key for key, *_ in TEXT_ACTIONS], IMAGE_KEYS):
            menu.addActions([actions[key] for key in keys])
            menu.addSeparator()
        menu.addAction(actions[AGAIN])
        menu.addSeparator()
        menu.addMenu(self._fresh)
        self._enable()

    # ---- asking --------------------------------------------------------------------------------------------

    def make(self, kind: str, **how: Any) -> None:
        """Ask for a B of a kind of corruption, or of the built-in task that A is of. how: further fields of the
        query."""
        other: str | bytes = how.pop("other", "")
        if kind == OTHER and not other:
            title, folder = "Open the picture that the patches of B are taken from", self._settings.folder()
            other, _ = QFileDialog.getOpenFileName(self._panel.window(), title, folder, IMAGE_FILTER)
            if not other:
                return
        self._one_shot.ask(CounterfactualQuery(kind, other=other, **self._part(), **how))

    def paste(self) -> None:
        """The picked patches of A become B's."""
        b = self._workbench.document.counterfactual
        if b is not None:
            self.make(OTHER, other=b.data or b.path)

    def _part(self) -> dict[str, Any]:
        """What of A changes: a mask whose patches are picked, to its pixels, or the positions."""
        mask = self._masks.held
        return {"mask": mask} if mask else {"positions": self._workbench.positions}

    def fresh(self, task: str) -> None:
        """A new A and B of a built-in task."""
        self._one_shot.ask(CounterfactualQuery(FRESH, task=task))

    def again(self) -> None:
        """The same kind with another seed, at the positions that are picked now."""
        last = self._workbench.question.made
        if isinstance(last, CounterfactualQuery):
            part = {"mask": "", "positions": ()} | self._part()
            self._one_shot.ask(replace(last, seed=last.seed + 1, **part))

    # ---- answers -------------------------------------------------------------------------------------------

    def _take(self, made: CounterfactualReply) -> None:
        if not self._one_shot.ends(made.query):
            return
        self._workbench.question.made = made.query
        document = self._workbench.document
        pair = made.pair
        changed = replace(document, clean=pair.clean, counterfactual=pair.counterfactual)
        opened = self._workbench.opened
        if pair.target and opened is not None and any(o.kind == "logit_difference" for o in opened.metric_options):
            changed = replace(changed, metric=MetricChoice("logit_difference", pair.target, pair.foil))
            if made.query.kind == "word":
                self._workbench.message.emit(f"The metric is now the logit of {pair.target} less that of {pair.foil}")
        cards = "A and B" if made.query.kind == FRESH else "A" if made.query.on_a else "B"
        words = f"{cards}: {made.words}"
        if changed == document:
            self._workbench.message.emit("This is the B that is there already. Choose another way, or other tokens.")
        self._workbench.commit(words, changed)
        self._enable()
        self.made.emit()

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if self._one_shot.ends(refusal.query):
            self._panel.show_problem("B", refusal.words)
            self.refused.emit(refusal.words)

    # ---- the menus -----------------------------------------------------------------------------------------

    def _fit_model(self, opened: ModelReply) -> None:
        self._workbench.question.made = None
        self._enable()

    def _enable(self) -> None:
        """Card B's own button."""
        why = why_no_text(self._workbench) if self._reads_text() else why_no_picture(self._workbench)
        self._panel.set_making(can=not why, tip=NO_WORDS if why == NO_WORDS else FROM_A)

    def _reads_text(self) -> bool:
        opened = self._workbench.opened
        return opened is None or opened.is_text

    def _fill(self) -> None:
        """Card B's own menu: what fits the model."""
        menu, actions = self._panel.make_menu, self._actions
        menu.clear()
        keys = [key for key, *_ in TEXT_ACTIONS] if self._reads_text() else IMAGE_KEYS
        menu.addActions([actions[key] for key in keys])
        self._fill_fresh()
        if not self._fresh.isEmpty():
            menu.addMenu(self._fresh)
        menu.addSeparator()
        menu.addAction(actions[AGAIN])

    def _fill_fresh(self) -> None:
        opened = self._workbench.opened
        self._fresh.clear()
        for task in () if opened is None else opened.tasks:
            self._fresh.addAction(task.title, partial(self.fresh, task.name)).setToolTip(task.about)


def _action(row: tuple[str, str, str, str], why_not: Callable[[Workbench], str]) -> Action:
    key, words, kind, tip = row
    return Action(key, f"Make B: {words}", (), tip, why_not=why_not, run=lambda made: made.counterfactual.make(kind))


ACTIONS = (
    *(_action(row, why_no_text) for row in TEXT_ACTIONS),
    *(_action(row, why_no_picture) for row in IMAGE_ACTIONS),
    Action(
        PASTE,
        "Make B: Patches &from B",
        (),
        "A with the picked patches of B, the picture that is on card B now",
        why_not=why_no_paste,
        run=lambda made: made.counterfactual.paste(),
    ),
    Action(
        AGAIN,
        "Make B: A&gain",
        ("Ctrl+Shift+B",),
        "As last, with other draws of chance",
        why_not=why_not_again,
        run=lambda made: made.counterfactual.again(),
    ),
)
