"""What a feature is, and all that it may be given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtWidgets import QMenu, QWidget

from app.services.actions import Action, Actions
from app.services.background_jobs import Jobs
from app.services.closing import Closing
from app.services.notifier import Notifier
from app.services.panels import DockRow, Panels
from app.services.settings import Settings
from app.workbench.workbench import Workbench
from views.panels.toolbar.panel import TopBar


@dataclass(frozen=True)
class FeatureContext:
    """The services of one window. A feature's `build` picks what its controllers use. dialogs: what dialogs open
    over. menus: the menus that features fill, by key."""

    workbench: Workbench
    actions: Actions
    panels: Panels
    notifier: Notifier
    settings: Settings
    dialogs: QWidget
    jobs: Jobs
    toolbar: TopBar
    menus: Mapping[str, QMenu]
    closing: Closing


@dataclass(frozen=True)
class Feature:
    """key: its name in code, and its panel's. panel: the class of its panel, which the window makes; None where it has
    none. actions: in no order, the menus have theirs. menus: those that it fills, with their words, by the keys that
    stand in the menu bar's table. files: what it does with a file that is dropped on the window, given what it has
    built and the path, by the ending. build: makes its controllers, given the panel. handlers: the name of the module
    whose `HANDLERS` answer its queries in the worker; by name, for it imports torch and the window does not. dock:
    where the panel lies, of a feature of another package; those of this one have their places in tables of the
    window."""

    key: str
    build: Callable[[FeatureContext, Any], object]
    panel: type[QWidget] | None = None
    actions: tuple[Action, ...] = ()
    menus: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Callable[[Any, str], None]] = field(default_factory=dict)
    handlers: str = ""
    dock: DockRow | None = None

    @property
    def name(self) -> str:
        """In the table of features."""
        return self.key
