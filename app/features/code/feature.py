"""The work as code: actions that copy it as Python and PyTorch or save it as a notebook, and the dock *Record* with the
lines of the public API."""

from __future__ import annotations

from app.features.code.controller import CodeController
from app.services.actions import Action
from app.services.context import Feature, FeatureContext
from app.workbench.workbench import Workbench
from views.panels.code.panel import CodePanel

NOTHING_OPEN = "Open a model first"


def why_no_script(workbench: Workbench) -> str:
    """Why there is nothing to copy."""
    return "" if workbench.opened is not None else NOTHING_OPEN


def why_no_run(workbench: Workbench) -> str:
    """Why nothing runs that could be written down."""
    if workbench.opened is None:
        return NOTHING_OPEN
    return "" if workbench.ready_of_present is not None else "Give an input in A first"


ACTIONS = (
    Action(
        "copy_python",
        "This &Step as Python",
        (),
        "A script that makes what is here now, and prints its figures; it needs Wirescope",
        why_not=why_no_script,
        run=lambda made: made.copy("step"),
    ),
    Action(
        "copy_branch",
        "The Steps That &Led Here as Python",
        (),
        "A script that goes from the start of the history to here, step by step",
        why_not=why_no_script,
        run=lambda made: made.copy("branch"),
    ),
    Action(
        "copy_history",
        "The Whole &History as Python",
        (),
        "A script of every step, in all branches",
        why_not=why_no_script,
        run=lambda made: made.copy("all"),
    ),
    Action(
        "copy_torch",
        "This Step as Plain &PyTorch",
        (),
        "A script with hooks that needs transformers or timm alone, not Wirescope",
        why_not=why_no_run,
        run=lambda made: made.copy_torch(),
    ),
    Action(
        "export_notebook",
        "Note&book…",
        (),
        "The steps that led here as a Jupyter notebook, a cell a step",
        why_not=why_no_script,
        run=lambda made: made.export_notebook(),
    ),
)


def _build(context: FeatureContext, panel: CodePanel) -> CodeController:
    made = CodeController(context.workbench, panel, context.settings, context.notifier, context.dialogs)
    for action in ACTIONS[:-1]:
        context.menus["copy_code"].addAction(context.actions[action.key])
    panel.copy_wanted.connect(context.actions["copy_branch"].trigger)
    return made


FEATURE = Feature(
    key="code",
    panel=CodePanel,
    actions=ACTIONS,
    menus={"copy_code": "Copy as C&ode"},
    handlers="app.features.code.handlers",
    build=_build,
)
