"""Making B from A: the menu of card B, the same entries in Edit and the command palette, and what comes of them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMenu

from app.features.inputs.controller.sources import IMAGE_FILTER
from app.features.inputs.queries import FRESH, TASK, CounterfactualQuery, CounterfactualReply
from app.messages.replies import ModelReply
from app.messages.request import QueryRefusal
from app.workbench.one_shot import OneShot
from core.project.metric_choice import MetricChoice

if TYPE_CHECKING:
    from app.window.main_window import Window

# The actions of each kind of model, and the kinds of corruption that they ask for.
TEXT_ACTIONS = {
    "make_names": "names",
    "make_swap": "swap",
    "make_shuffle": "shuffle",
    "make_mask": "mask",
    "make_task": TASK,
}
IMAGE_ACTIONS = {
    "make_other": "other",
    "make_blur": "blur",
    "make_mean": "mean",
    "make_noise": "noise",
    "make_patches": "shuffle",
}
FROM_A = "Make B from A"
NO_WORDS = "This model has no tokenizer, so that there are no words to change: type other token ids into B"
MAKE_ACTIONS = (*TEXT_ACTIONS, *IMAGE_ACTIONS, "make_again")


class CounterfactualController(QObject):
    """Asks the engine for a B and commits it."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._workbench = window.workbench
        self._one_shot = OneShot[CounterfactualQuery](self._workbench, "make b")
        self._last: CounterfactualQuery | None = None  # what "again" draws anew
        self._workbench.on(CounterfactualReply, self._take)
        self._workbench.on(QueryRefusal, self._take_refusal)
        self._workbench.model_opened.connect(self._fit_model)
        self._workbench.cards_changed.connect(lambda _a, _b: self._enable())
        self._fresh = QMenu("New A and B from a Tas&k", window)
        self._fresh.setToolTipsVisible(True)
        window.inputs.make_menu.aboutToShow.connect(self._fill)
        window.menus["make"].aboutToShow.connect(self._fill_fresh)
        for group in (TEXT_ACTIONS, IMAGE_ACTIONS, ("make_again",)):
            window.menus["make"].addActions([window.commands[key] for key in group])
            window.menus["make"].addSeparator()
        window.menus["make"].addMenu(self._fresh)
        self._enable()

    # ---- asking --------------------------------------------------------------------------------------------

    def make(self, action: str) -> None:
        """What an action of the table asks for."""
        if action == "make_again":
            self.again()
            return
        kind = {**TEXT_ACTIONS, **IMAGE_ACTIONS}[action]
        other = ""
        if kind == "other":
            settings = self._window.settings
            other, _ = QFileDialog.getOpenFileName(
                self._window, "Open the picture that the patches of B are taken from", settings.folder(), IMAGE_FILTER
            )
            if not other:
                return
        self._one_shot.ask(CounterfactualQuery(kind, self._workbench.positions, other=other))

    def fresh(self, task: str) -> None:
        """A new A and B of a built-in task."""
        self._one_shot.ask(CounterfactualQuery(FRESH, task=task))

    def again(self) -> None:
        """The same kind with another seed, at the positions that are picked now."""
        if self._last is not None:
            self._one_shot.ask(replace(self._last, seed=self._last.seed + 1, positions=self._workbench.positions))

    # ---- answers -------------------------------------------------------------------------------------------

    def _take(self, made: CounterfactualReply) -> None:
        if not self._one_shot.ends(made.query):
            return
        self._last = made.query
        document = self._workbench.document
        pair = made.pair
        changed = replace(document, clean=pair.clean, counterfactual=pair.counterfactual)
        opened = self._workbench.opened
        if pair.target and opened is not None and any(o.kind == "logit_difference" for o in opened.metric_options):
            changed = replace(changed, metric=MetricChoice("logit_difference", pair.target, pair.foil))
        words = f"A and B: {made.words}" if made.query.kind == FRESH else f"B: {made.words}"
        if changed == document:
            self._workbench.message.emit("This is the B that is there already. Choose another way, or other tokens.")
        self._workbench.commit(words, changed)
        self._enable()

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if self._one_shot.ends(refusal.query):
            self._window.inputs.show_problem("B", refusal.words)

    # ---- the menus -----------------------------------------------------------------------------------------

    def _fit_model(self, opened: ModelReply) -> None:
        self._last = None
        self._enable()

    def _actions(self) -> dict[str, str]:
        """Those of the open model."""
        opened = self._workbench.opened
        if opened is None or opened.takes_ids:  # token ids are no words
            return {}
        return TEXT_ACTIONS if opened.is_text else IMAGE_ACTIONS

    def _enable(self) -> None:
        commands, ready = self._window.commands, self._workbench.ready is not None
        able = self._actions()
        for key in MAKE_ACTIONS:
            commands[key].setEnabled(ready and key in able)
        commands["make_again"].setEnabled(ready and self._last is not None)
        self._window.inputs.make.setEnabled(ready and bool(able))
        takes_ids = self._workbench.opened is not None and self._workbench.opened.takes_ids
        self._window.inputs.make.setToolTip(NO_WORDS if takes_ids else FROM_A)

    def _fill(self) -> None:
        """Card B's own menu: what fits the model."""
        menu, commands = self._window.inputs.make_menu, self._window.commands
        menu.clear()
        menu.addActions([commands[key] for key in self._actions()])
        self._fill_fresh()
        if not self._fresh.isEmpty():
            menu.addMenu(self._fresh)
        menu.addSeparator()
        menu.addAction(commands["make_again"])

    def _fill_fresh(self) -> None:
        opened = self._workbench.opened
        self._fresh.clear()
        for task in () if opened is None else opened.tasks:
            self._fresh.addAction(task.title, partial(self.fresh, task.name)).setToolTip(task.about)
