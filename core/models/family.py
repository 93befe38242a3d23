"""Which models Wirescope opens: the table of families. Each is an adapter and a row, in a file of
`core.models.families`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.models.refused import unsupported
from core.plugins import Table

if TYPE_CHECKING:
    from torch import nn

    from core.models.adapter import Adapter, InputKind


@dataclass(frozen=True)
class Family:
    """A row of the table.

    classes: of the models in their library, by name. exact: what of the family the tests hold to the model's own
    forward and to the oracle, in a few words. refused: its options that are refused, with the reason; empty for none.
    """

    name: str
    reads: InputKind
    classes: tuple[str, ...]
    adapter: type[Adapter]
    exact: str
    refused: str = ""
    library: Literal["Hugging Face", "timm"] = "Hugging Face"


FAMILIES = Table("families", Family, "core.models.families")


def family_of(class_name: str) -> Family | None:
    """The family of a model by its class's name, or None."""
    return next((family for family in FAMILIES.values() if class_name in family.classes), None)


def adapt(module: nn.Module) -> Adapter:
    """The adapter of a model. Raises ModelError for a family that is not supported, by name."""
    for cls in type(module).__mro__:
        family = family_of(cls.__name__)
        if family is not None:
            return family.adapter(module)
    raise unsupported(type(module).__name__)
