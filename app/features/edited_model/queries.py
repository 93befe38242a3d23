"""What the window asks when the edited model is to be written, and the reply. `handlers` serves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.messages.request import OneShotQuery
from core.edits import Edit
from core.project.document import Document


@dataclass(frozen=True)
class EditedModelQuery(OneShotQuery):
    """Write the model with these edits to a new folder."""

    folder: str
    edits: tuple[Edit, ...] = ()

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.opens, document.clean, document.counterfactual, document.means


@dataclass(frozen=True)
class EditedModelReply:
    """form: whether the edits are in the weights, or in hooks beside them. reasons: why not in the weights."""

    number: int
    query: EditedModelQuery
    form: Literal["weights", "hooks"]
    reasons: tuple[str, ...] = ()
