"""What the model is asked: the inputs A and B, how they come in, B made from A, the positions picked in them, the
metric."""

from __future__ import annotations

from dataclasses import dataclass

from app.features.inputs.controller.cards import CardsController
from app.features.inputs.controller.counterfactual import ACTIONS as MAKE_ACTIONS
from app.features.inputs.controller.counterfactual import CounterfactualController
from app.features.inputs.controller.mask import PICK_MASK, MaskController
from app.features.inputs.controller.positions import PICK_NONE, PickedPositionsController
from app.features.inputs.controller.question import QuestionController
from app.features.inputs.controller.reference import REFERENCE, REFERENCE_PART, ReferenceController
from app.features.inputs.controller.regions import NAME_REGION, RegionsController
from app.features.inputs.controller.word import MAKE_WORD, WordController
from app.services.actions import Action
from app.services.context import Feature, FeatureContext
from app.workbench.workbench import Workbench
from views.panels.inputs.panel import InputsPanel


@dataclass(frozen=True)
class InputsControllers:
    """Of one window."""

    question: QuestionController
    cards: CardsController
    positions: PickedPositionsController
    counterfactual: CounterfactualController
    masks: MaskController
    regions: RegionsController
    word: WordController
    reference: ReferenceController


def _build(context: FeatureContext, panel: InputsPanel) -> InputsControllers:
    workbench, settings = context.workbench, context.settings
    masks = MaskController(workbench, panel, settings)
    making = CounterfactualController(workbench, panel, settings, context.actions, context.menus, masks)
    return InputsControllers(
        QuestionController(workbench, panel),
        CardsController(workbench, panel, context.panels["status"], settings, context.notifier, context.jobs, masks),
        PickedPositionsController(workbench, panel),
        making,
        masks,
        RegionsController(workbench, panel),
        WordController(workbench, making, context.dialogs),
        ReferenceController(workbench, panel, settings),
    )


def why_no_swap(workbench: Workbench) -> str:
    return "There is no B yet" if workbench.document.counterfactual is None else ""


ACTIONS = (
    Action(
        "open_input_a",
        "Open Picture or Text for &A…",
        ("Ctrl+I",),
        "Use a file as input A",
        run=lambda made: made.cards.choose("A"),
    ),
    Action(
        "open_input_b",
        "Open Picture or Text for &B…",
        ("Ctrl+Shift+I",),
        "Use a file as input B",
        run=lambda made: made.cards.choose("B"),
    ),
    *MAKE_ACTIONS,
    MAKE_WORD,
    PICK_MASK,
    NAME_REGION,
    REFERENCE,
    REFERENCE_PART,
    PICK_NONE,
    Action(
        "swap",
        "S&wap A and B",
        ("Ctrl+Shift+X",),
        "B becomes A, and A becomes B",
        "swap",
        why_not=why_no_swap,
        run=lambda made: made.question.swap(),
    ),
)
FEATURE = Feature(
    key="inputs",
    panel=InputsPanel,
    actions=ACTIONS,
    menus={"make": "Make &B from A"},
    handlers="app.features.inputs.handlers",
    build=_build,
)
