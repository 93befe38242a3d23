"""The edited model on its way out of the program: `ws.export_model`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.edited.bake import bake, why_not_baked
from core.edited.folder import save_hooked
from core.edited.plan import Inputs, plan_edits
from core.edits import Edit
from core.errors import EditError
from core.models.model import Model


@dataclass(frozen=True)
class Exported:
    """form: whether the edits are in the `weights`, or `hooks` beside them. reasons: why not in the weights."""

    folder: Path
    form: Literal["weights", "hooks"]
    reasons: tuple[str, ...] = ()


def export_model(model: Model, edits: Sequence[Edit], folder: str | Path, session: Inputs | None = None) -> Exported:
    """Write the edited model to a new folder: into the weights where these hold all edits (`ws.bake`), else with hooks
    beside them (`ws.apply`), in a file that needs transformers or timm alone. session: as in `ws.apply`. Raises
    WirescopeError."""
    place = Path(folder)
    reasons = why_not_baked(model, edits)
    if not reasons:
        try:
            bake(model, edits, session).save(place)
            return Exported(place, "weights")
        except EditError as error:
            reasons = [error.message]
    save_hooked(model, plan_edits(model, edits, session), place, reasons)
    return Exported(place, "hooks", tuple(reasons))
