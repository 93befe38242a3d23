"""Ways to a model: the welcome page with its packs and guides, menus of models and examples, and dialogs that ask."""

from __future__ import annotations

from dataclasses import dataclass

from app.features.welcome.controller.guide import GuideController
from app.features.welcome.controller.model_menus import ModelMenusController
from app.features.welcome.controller.opening import OpeningController
from app.features.welcome.controller.packs import PacksController
from app.services.actions import Action
from app.services.context import Feature, FeatureContext
from views.panels.welcome.panel import WelcomePanel


@dataclass(frozen=True)
class WelcomeControllers:
    """Of one window."""

    opening: OpeningController
    packs: PacksController
    guides: GuideController
    menus: ModelMenusController


def _build(context: FeatureContext, page: WelcomePanel) -> WelcomeControllers:
    models = context.workbench.models
    packs = PacksController(page, models, context.jobs)
    return WelcomeControllers(
        OpeningController(context.workbench, page, packs, context.panels, context.settings),
        packs,
        GuideController(context.workbench, page, context.panels),
        ModelMenusController(models, context.settings, context.actions, context.menus, context.toolbar),
    )


ACTIONS = (
    Action(
        "open_folder",
        "&Open Model Folder…",
        ("Ctrl+O",),
        "Open a model from a folder with safetensors",
        "open",
        run=lambda made: made.opening.choose_folder(),
    ),
    Action(
        "open_named",
        "Open Model by &Name…",
        ("Ctrl+Shift+O",),
        "A name on the Hugging Face Hub, or one of timm",
        run=lambda made: made.opening.choose_name(),
    ),
    Action(
        "welcome",
        "&Welcome Page",
        ("Ctrl+Home",),
        "Examples, models and model packs",
        run=lambda made: made.opening.show_welcome(),
    ),
)
FEATURE = Feature(
    key="welcome",
    panel=WelcomePanel,
    actions=ACTIONS,
    menus={
        "bundled": "B&undled Models",
        "packs": "Model &Packs",
        "recent": "&Recent Models",
        "examples": "&Examples",
    },
    build=_build,
)
