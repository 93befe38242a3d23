"""Projects: the whole of the work as a file, opened and saved from the menu File."""

from __future__ import annotations

from dataclasses import dataclass

from app.features.projects.controller.access import AccessController
from app.features.projects.controller.autosave import Autosave
from app.features.projects.controller.lock import ProjectLock
from app.features.projects.controller.project import ProjectController
from app.features.projects.controller.recent import fill_when_shown
from app.features.projects.controller.recovery import RecoveryController
from app.features.projects.controller.saving import Services
from app.services.actions import Action
from app.services.context import Feature, FeatureContext
from app.services.state_folder import state_folder
from views.panels.projects.panel import ProjectStrips


@dataclass(frozen=True)
class ProjectControllers:
    """Of one window."""

    project: ProjectController
    access: AccessController
    autosave: Autosave
    recovery: RecoveryController

    def start(self) -> None:
        """The window is there for somebody: keep the work from now on, and offer what was left."""
        self.recovery.offer()
        self.autosave.begin()

    def end(self) -> None:
        """The window closes."""
        self.recovery.end()
        self.access.end()
        self.autosave.end(keep=not self.project.dropped)


def _build(context: FeatureContext, panel: ProjectStrips) -> ProjectControllers:
    services = Services(context.notifier, context.settings, context.jobs, context.panels, context.dialogs)
    lock = ProjectLock(state_folder() / "locks")
    access = AccessController(context.workbench, lock, panel.read_only, context.dialogs)
    project = ProjectController(context.workbench, access, services)
    sessions = state_folder() / "sessions"
    autosave = Autosave(context.workbench, project, sessions, context.notifier)
    recovery = RecoveryController(project, autosave, panel.recovery, sessions, context.notifier)
    made = ProjectControllers(project, access, autosave, recovery)
    fill_when_shown(context.menus["recent_projects"], context.settings, project.open)
    context.closing.ask_first(project.may_leave)
    context.closing.closed.connect(made.end)
    return made


ACTIONS = (
    Action(
        "new_project",
        "Ne&w Project",
        ("Ctrl+N",),
        "Begin anew: the model and the inputs stay, without edits and history",
        run=lambda made: made.project.begin(),
    ),
    Action(
        "open_project",
        "Open Pro&ject…",
        ("Ctrl+Alt+O",),
        "Open a .wire file: the work as it was saved, with its whole history",
        run=lambda made: made.project.choose(),
    ),
    Action(
        "save_project",
        "&Save Project",
        ("Ctrl+S",),
        "The inputs, the edits, the history with its figures and the circuits, as a .wire file",
        run=lambda made: made.project.saving.save(),
    ),
    Action(
        "save_project_as",
        "Sa&ve Project As…",
        ("Ctrl+Shift+S",),
        "Into another file, which is this project's from now on",
        run=lambda made: made.project.saving.save_as(),
    ),
)
FEATURE = Feature(
    key="projects",
    panel=ProjectStrips,
    actions=ACTIONS,
    menus={"recent_projects": "Open Recen&t Project"},
    files={".wire": lambda made, path: made.project.open(path)},
    handlers="app.features.projects.handlers",
    build=_build,
)
