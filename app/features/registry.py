"""The features of the window, in the order in which they are made. A new one is a line here; those of other packages
come by `PLUGGED_IN`."""

from __future__ import annotations

from app.features.canvas.controller import FEATURE as CANVAS
from app.features.circuit.controller import FEATURE as CIRCUIT
from app.features.code.controller import FEATURE as CODE
from app.features.console.controller import FEATURE as CONSOLE
from app.features.dataset.controller import FEATURE as DATASET
from app.features.edited_model.controller import FEATURE as EDITED_MODEL
from app.features.edits.controller import FEATURE as EDITS
from app.features.find.controller import FEATURE as FIND
from app.features.help.controller import FEATURE as HELP
from app.features.history.controller import FEATURE as HISTORY
from app.features.inputs.controller import FEATURE as INPUTS
from app.features.inspector.controller import FEATURE as INSPECTOR
from app.features.plots.controller import FEATURE as PLOTS
from app.features.predictions.controller import FEATURE as PREDICTIONS
from app.features.preferences.controller import FEATURE as PREFERENCES
from app.features.projects.controller import FEATURE as PROJECTS
from app.features.score_files.controller import FEATURE as SCORE_FILES
from app.features.status.controller import FEATURE as STATUS
from app.features.table.controller import FEATURE as TABLE
from app.features.toolbar.controller import FEATURE as TOOLBAR
from app.features.tracing.controller import FEATURE as TRACING
from app.features.trust.controller import FEATURE as TRUST
from app.features.welcome.controller import FEATURE as WELCOME
from app.services.context import Feature
from core.plugins import OF_WINDOW, Table

FEATURES: tuple[Feature, ...] = (
    CANVAS,
    EDITS,
    CIRCUIT,
    WELCOME,
    INPUTS,
    DATASET,
    TRACING,
    TABLE,
    STATUS,
    PREDICTIONS,
    HISTORY,
    HELP,
    PLOTS,
    CODE,
    CONSOLE,
    INSPECTOR,
    FIND,
    PREFERENCES,
    TRUST,
    SCORE_FILES,
    EDITED_MODEL,
    PROJECTS,
    TOOLBAR,  # after those that go back to another model where one does not open
)
ROWS = FEATURES
PLUGGED_IN = Table(OF_WINDOW, Feature, __name__)  # all of them, with those of other packages
