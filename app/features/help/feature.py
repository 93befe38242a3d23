"""The menu Help: the guide's pages, the keys, the log, the plugins, and what this is."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.features.help.controller.dialogs import show_about, show_keys
from app.features.help.controller.log import LogController
from app.features.help.controller.pages import HelpPagesController
from app.features.help.controller.plugins import show_plugins
from app.services.actions import Action, Actions
from app.services.context import Feature, FeatureContext


class HelpController:
    """What the menu's entries do. The welcome page is another feature's."""

    def __init__(self, pages: HelpPagesController, log: LogController, actions: Actions, window: QWidget) -> None:
        self.pages = pages
        self.log = log
        self._actions, self._window = actions, window

    def show_keys(self) -> None:
        show_keys(self._window, self._actions.records.values())

    def show_plugins(self) -> None:
        show_plugins(self._window)

    def show_about(self) -> None:
        show_about(self._window)


def _build(context: FeatureContext, _panel: None) -> HelpController:
    pages = HelpPagesController(context.notifier, context.dialogs)
    log = LogController(context.notifier, context.dialogs)
    return HelpController(pages, log, context.actions, context.dialogs)


ACTIONS = (
    Action(
        "guide",
        "&Guide",
        (),
        "What can be done in the window, in the terminal and in a notebook",
        run=lambda made: made.pages.show(),
    ),
    Action(
        "glossary",
        "Gl&ossary",
        (),
        "What the words mean: foil, parity, ablation, logit lens and others, a line each",
        run=lambda made: made.pages.show("glossary"),
    ),
    Action(
        "measured",
        "&Measured Figures",
        (),
        "How well each method traces, in tables",
        run=lambda made: made.pages.show("measured"),
    ),
    Action("keys", "&Keys", ("?", "F1"), "All keys and gestures", "info", run=HelpController.show_keys),
    Action("log", "&Log…", (), "What happened lately, with details to copy", run=lambda made: made.log.show()),
    Action(
        "plugins",
        "Pl&ugins…",
        (),
        "What other packages add, and what of it does not work",
        run=HelpController.show_plugins,
    ),
    Action("about", "&About Wirescope", (), "Version and licence", run=HelpController.show_about),
)
FEATURE = Feature(key="help", actions=ACTIONS, build=_build)
