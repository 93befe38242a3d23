"""Force: a mixture's router chooses an expert that it did not choose, and the least of the chosen gives way. What is
done to the router's weights is in `core.engine.routing`: nothing is put in the place of what nodes write and readers
read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from torch import Tensor

from core.engine.replacement import Replacement, Spot
from core.errors import EditError
from core.graph import Node, Reader

if TYPE_CHECKING:
    from core.engine.plan import Slot


class Force(Replacement):
    name = "force"

    def at_node(self, node: Node, slot: Slot, out: Tensor, spot: Spot) -> Tensor:
        _refuse(node)

    def at_reader(self, reader: Reader, slot: Slot, x: Tensor, spot: Spot) -> Tensor:
        _refuse(reader)


def _refuse(what: Node | Reader) -> NoReturn:
    raise EditError(f"{what.name} cannot be forced.", "Force an expert of a mixture, as m5.e3.")
