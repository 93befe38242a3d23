"""Projects: the whole of the work as a file, opened and saved from the menu File."""

from __future__ import annotations

from app.features.projects.controller.project import ProjectController, Services
from app.features.projects.controller.recent import fill_when_shown
from app.services.actions import Action
from app.services.context import Feature, FeatureContext


def _build(context: FeatureContext, _panel: None) -> ProjectController:
    services = Services(context.notifier, context.settings, context.jobs, context.dialogs)
    made = ProjectController(context.workbench, services)
    fill_when_shown(context.menus["recent_projects"], context.settings, made.open)
    context.closing.ask_first(made.may_leave)
    return made


ACTIONS = (
    Action(
        "new_project",
        "Ne&w Project",
        ("Ctrl+N",),
        "Begin anew: the model and the inputs stay, without edits and history",
        run=ProjectController.begin,
    ),
    Action(
        "open_project",
        "Open Pro&ject…",
        ("Ctrl+Alt+O",),
        "Open a .wire file: the work as it was saved, with its whole history",
        run=ProjectController.choose,
    ),
    Action(
        "save_project",
        "&Save Project",
        ("Ctrl+S",),
        "The inputs, the edits, the history with its figures and the circuits, as a .wire file",
        run=lambda made: made.save(),
    ),
    Action(
        "save_project_as",
        "Sa&ve Project As…",
        ("Ctrl+Shift+S",),
        "Into another file, which is this project's from now on",
        run=lambda made: made.save_as(),
    ),
)
FEATURE = Feature(
    key="projects",
    actions=ACTIONS,
    menus={"recent_projects": "Open Recen&t Project"},
    files={".wire": ProjectController.open},
    build=_build,
)
