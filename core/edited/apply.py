"""The edited model as a module: `ws.apply(model, edits)`.

It shares its weights with the model that it is made of, which stays as it is. What the module gives is what the
session's run gives, to rounding; with a key cache, token by token, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from torch import nn

from core.edited.hooks import Hooks
from core.edited.plan import Inputs, plan_edits
from core.edits import Edit
from core.errors import EditError
from core.models.eight_bit import check_whole
from core.models.model import Model
from core.models.sharing import sharing_copy

WITHOUT_EDITS = (
    "This would save the weights without the edits.",
    "Take ws.bake, or ws.export_model for edits of any kind.",
)


class EditedModel(nn.Module):
    """A model with edits inside: called as the original is, and with all that the original has (`generate`, `config`,
    `device`). Edits at all positions act at every position of what it is given, and on each new token; edits at
    positions act there, counted from the start. Values of other inputs (`patch`, `resample`, `noise`, `mean` position
    by position) are there at the positions of the session's input; beyond them such an edit changes nothing.

    module: of the original's class. edits: as they are written. `remove()` takes them out, as does the end of a `with`.
    Not for use by two threads at once.
    """

    def __init__(self, module: nn.Module, hooks: Hooks, edits: Sequence[str]) -> None:
        super().__init__()
        self.module = module
        self.edits = tuple(edits)
        self._edit_hooks = hooks

    def forward(self, *args: Any, **options: Any) -> Any:
        return self.module(*args, **options)

    def remove(self) -> None:
        """Take the edits out: from now on it computes what the original does."""
        self._edit_hooks.remove()
        self.edits = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def save_pretrained(self, *_: Any, **__: Any) -> None:
        """Refused while there are edits: a checkpoint holds weights alone."""
        if not self.edits:
            check_whole(self.module, "A checkpoint")
            self.module.save_pretrained(*_, **__)  # type: ignore[operator]
            return
        raise EditError(*WITHOUT_EDITS)

    def push_to_hub(self, *_: Any, **__: Any) -> Any:
        """Refused while there are edits, as `save_pretrained` is."""
        if not self.edits:
            check_whole(self.module, "A checkpoint")
            return self.module.push_to_hub(*_, **__)  # type: ignore[operator]
        raise EditError(*WITHOUT_EDITS)

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("module"), name)


def apply(model: Model, edits: Sequence[Edit], session: Inputs | None = None) -> EditedModel:
    """The model with edits of any kind inside, as a module with the interface of the original.

    session: where `patch`, `mean`, `resample`, `noise`, positions from the end and roles are taken from; needed by
    edits that have any of these. Of a session with several rows whose values or positions differ, the module takes as
    many rows (each as often as generation repeats it).
    Raises ArgumentError and EditError for edits that cannot be made, ModelError for a family that does not say where
    its parts are.
    """
    planned = plan_edits(model, edits, session)
    module = sharing_copy(model.adapter.module)
    return EditedModel(module, Hooks(module, planned.plan, planned.values), planned.edits)
