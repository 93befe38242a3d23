"""Python's garbage collector while a program starts.

Importing torch and a model's library makes some 400,000 objects that stay. The collector would go over them again
and again meanwhile, a sixth of the processor's time up to the first circuit, and once more whenever it looks at all
objects later, holding up the window each time.
"""

from __future__ import annotations

import gc

from app.messages import Opened
from app.workbench import Workbench


def rest_until_idle(workbench: Workbench) -> None:
    """Collect nothing until the first request is done, and then leave alone what is there by then.

    The first model is there by then too: once another one is opened, all is looked at again.
    """

    def first_done() -> None:
        workbench.idle.disconnect(first_done)
        gc.freeze()
        gc.enable()

    opened: list[str] = []

    def model_opened(model: Opened) -> None:
        opened.append(model.name)
        if len(opened) > 1:
            workbench.model_opened.disconnect(model_opened)
            gc.unfreeze()

    gc.disable()
    workbench.idle.connect(first_done)
    workbench.model_opened.connect(model_opened)
