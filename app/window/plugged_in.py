"""Features of other packages, built when the window is there already: each has its dock, its entry in View and its
actions in a menu Plugins. One that fails leaves nothing behind but its line in Help > Plugins."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from app.features.registry import PLUGGED_IN
from app.messages.request import FailureReply, QueryRefusal
from app.services.actions import Actions, show_action
from app.services.background_jobs import Job
from app.services.context import Feature, FeatureContext
from app.window.dock_layout import Arrangement
from app.window.parts import Parts
from core import plugins
from core.errors import ArgumentError

log = logging.getLogger(__name__)
TITLE = "&Plugins"


class PluggedIn(QObject):
    """Of one window. controllers, menus: of all features, by key; what is built is added. run: does what an action of a
    feature is for."""

    def __init__(
        self,
        bar: QMenuBar,
        parts: Parts,
        arrangement: Arrangement,
        context: FeatureContext,
        menus: dict[str, QMenu],
        controllers: dict[str, Any],
        run: Callable[[str, Callable[[Any], None]], None],
    ) -> None:
        super().__init__(bar)
        self._bar, self._parts, self._arrangement, self._context = bar, parts, arrangement, context
        self._menus, self._controllers, self._run = menus, controllers, run
        self._actions: Actions = context.actions
        self.features: list[Feature] = []
        context.workbench.on(QueryRefusal, self._take_refusal)

    def load(self) -> None:
        """Import them beside the window, and build them when that is done."""
        if plugins.forbidden():
            return
        job = Job(lambda report, cancelled: PLUGGED_IN.load(), self)
        job.finished.connect(lambda _: self.build())
        self._context.jobs.run(job)

    def build(self) -> None:
        """Build those that are loaded, each in its own try."""
        names = [name for plugin in PLUGGED_IN.plugins() for name in plugin.rows]
        for feature in [PLUGGED_IN[name] for name in names if name not in self._controllers]:
            try:
                self._add(feature)
            except Exception as error:  # whatever somebody else's code raises
                log.exception("the feature %s of another package is left out", feature.key)
                PLUGGED_IN.leave_out(feature.key, error)
                self._take_out(feature)
        self._actions.refresh()

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        """The code of a feature has failed at a query. It is said once: the query is not asked again by itself."""
        if not refusal.details:
            return
        for feature in self.features:
            if feature.handlers == refusal.handlers:
                PLUGGED_IN.note_error(feature.key, refusal.message, refusal.details)
        plugin = type(refusal.query).__module__.partition(".")[0]
        words = f"The plugin {plugin} could not answer its panel: {refusal.message}"
        hint = f"All else goes on. {refusal.hint}"
        self._context.notifier.problem(FailureReply(refusal.number, "run", words, hint, refusal.details))

    def _add(self, feature: Feature) -> None:
        """Raises whatever the feature raises, and ArgumentError for what is taken already or lacks its place."""
        self._check(feature)
        if feature.panel is not None:
            self._parts.panels[feature.key] = feature.panel()
        for key, words in feature.menus.items():
            self._menus[key] = QMenu(words, self._bar)
        self._actions.add(
            feature.actions,
            {each.key: partial(self._run, feature.key, each.run) for each in feature.actions if each.run},
        )
        panel = self._parts.panels.get(feature.key)
        self._controllers[feature.key] = feature.build(self._context, panel)
        if panel is not None and feature.dock is not None:
            self._add_dock(feature)
        if feature.actions or feature.menus:
            menu = self._menu()
            for action in feature.actions:
                menu.addAction(self._actions[action.key])
            for key in feature.menus:
                menu.addMenu(self._menus[key])
        self.features.append(feature)

    def _add_dock(self, feature: Feature) -> None:
        row = feature.dock
        assert row is not None
        record = show_action(row)
        self._actions.add([record], {record.key: partial(self._arrangement.show_panel, row.key)})
        self._parts.add_dock(row)
        self._arrangement.add(row)
        self._menus["view"].insertAction(self._actions["reset_layout"], self._actions[record.key])

    def _menu(self) -> QMenu:
        if "plugins" not in self._menus:
            self._menus["plugins"] = QMenu(TITLE, self._bar)
            self._bar.insertMenu(self._menus["help"].menuAction(), self._menus["plugins"])
        return self._menus["plugins"]

    def _check(self, feature: Feature) -> None:
        row = feature.dock
        if feature.panel is not None and (row is None or row.key != feature.key):
            raise ArgumentError(
                "A feature with a panel says where its dock lies.", f'Give dock=DockRow("{feature.key}", …).'
            )
        if row is not None and {row.below, row.beside} - {"", *self._parts.docks}:
            raise ArgumentError(
                f"There is no dock {row.below or row.beside!r}.", f"There are: {', '.join(self._parts.docks)}."
            )
        records = [*feature.actions, *([] if row is None else [show_action(row)])]
        taken = {key.toString() for action in self._actions.values() for key in action.shortcuts()}
        for record in records:
            if record.key in self._actions:
                raise ArgumentError(f"There is an action {record.key!r} already.", "Give it another key.")
            for keys in record.keys:
                if QKeySequence(keys).toString() in taken:
                    raise ArgumentError(f"{keys} does something else already.", "Choose other keys, or none.")

    def _take_out(self, feature: Feature) -> None:
        self._actions.remove([*feature.actions, *([] if feature.dock is None else [show_action(feature.dock)])])
        self._controllers.pop(feature.key, None)
        for key in feature.menus:
            menu = self._menus.pop(key, None)
            if menu is not None:
                menu.deleteLater()
        dock = self._parts.docks.pop(feature.key, None)
        if dock is not None:
            self._parts.desk.docks.remove(dock)
        widget = dock or self._parts.panels.get(feature.key)
        self._parts.rows.pop(feature.key, None)
        if self._parts.panels.pop(feature.key, None) is not None and widget is not None:
            widget.deleteLater()
