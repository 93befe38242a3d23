"""The features of the window, in the order in which they are made. A new one is a line here; those of other packages
come by `PLUGGED_IN`."""

from __future__ import annotations

from app.features.canvas.feature import FEATURE as CANVAS
from app.features.checkpoints.feature import FEATURE as CHECKPOINTS
from app.features.circuit.feature import FEATURE as CIRCUIT
from app.features.class_texts.feature import FEATURE as CLASS_TEXTS
from app.features.code.feature import FEATURE as CODE
from app.features.compare.feature import FEATURE as COMPARE
from app.features.console.feature import FEATURE as CONSOLE
from app.features.continuation.feature import FEATURE as CONTINUATION
from app.features.dataset.feature import FEATURE as DATASET
from app.features.edited_model.feature import FEATURE as EDITED_MODEL
from app.features.edits.feature import FEATURE as EDITS
from app.features.find.feature import FEATURE as FIND
from app.features.flip.feature import FEATURE as FLIP
from app.features.head_sets.feature import FEATURE as HEAD_SETS
from app.features.heads.feature import FEATURE as HEADS
from app.features.help.feature import FEATURE as HELP
from app.features.history.feature import FEATURE as HISTORY
from app.features.inputs.feature import FEATURE as INPUTS
from app.features.inspector.feature import FEATURE as INSPECTOR
from app.features.jobs.feature import FEATURE as JOBS
from app.features.lens_map.feature import FEATURE as LENS_MAP
from app.features.lenses.feature import FEATURE as LENSES
from app.features.notes.feature import FEATURE as NOTES
from app.features.patch_map.feature import FEATURE as PATCH_MAP
from app.features.plots.feature import FEATURE as PLOTS
from app.features.predictions.feature import FEATURE as PREDICTIONS
from app.features.preferences.feature import FEATURE as PREFERENCES
from app.features.probe.feature import FEATURE as PROBE
from app.features.programs.feature import FEATURE as PROGRAMS
from app.features.projects.feature import FEATURE as PROJECTS
from app.features.remote.feature import FEATURE as REMOTE
from app.features.repair.feature import FEATURE as REPAIR
from app.features.room.feature import FEATURE as ROOM
from app.features.runs.feature import FEATURE as RUNS
from app.features.score_files.feature import FEATURE as SCORE_FILES
from app.features.status.feature import FEATURE as STATUS
from app.features.table.feature import FEATURE as TABLE
from app.features.toolbar.feature import FEATURE as TOOLBAR
from app.features.tracing.feature import FEATURE as TRACING
from app.features.trust.feature import FEATURE as TRUST
from app.features.watching.feature import FEATURE as WATCHING
from app.features.welcome.feature import FEATURE as WELCOME
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
    CONTINUATION,
    HISTORY,
    HELP,
    PLOTS,
    RUNS,
    JOBS,
    FLIP,
    PATCH_MAP,
    LENS_MAP,
    HEADS,
    HEAD_SETS,
    REPAIR,
    COMPARE,
    CODE,
    CLASS_TEXTS,
    CHECKPOINTS,
    PROBE,
    CONSOLE,
    INSPECTOR,
    LENSES,
    NOTES,
    FIND,
    PREFERENCES,
    TRUST,
    WATCHING,
    SCORE_FILES,
    EDITED_MODEL,
    PROGRAMS,
    PROJECTS,
    REMOTE,
    ROOM,
    TOOLBAR,  # after those that go back to another model where one does not open
)
ROWS = FEATURES
PLUGGED_IN = Table(OF_WINDOW, Feature, __name__)  # all of them, with those of other packages


def handler_modules() -> tuple[str, ...]:
    """The names of the modules that handle the features' queries, which the worker imports."""
    return tuple(feature.handlers for feature in PLUGGED_IN.values() if feature.handlers)
