"""Kinds that put nothing in the place of what nodes write and readers read, but change weights within a layer.

Knockout: a head does not see some positions from others (attention knockout; Geva et al. 2023): the scores of these
entries are minus infinity before the softmax, so that the head's other weights at the query sum to 1 again (with the
sink's, where the head has one). In part, the shares are multiplied before the others make up for it. What is done to a
pattern is in `core.engine.entries`. Of an expert of a mixture the router's other weights make up for it.

Force: a mixture's router chooses an expert that it did not choose, and the least of the chosen gives way. What is done
to the router's weights is in `core.engine.routing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from core.engine.replacement import Replacement, Spot
from core.errors import EditError
from core.graph import Node, Reader

if TYPE_CHECKING:
    from core.engine.plan import Slot


class OfWeights(Replacement):
    """A node or a reader with such an edit is refused. problem: what cannot be done to it; hint: to what it can."""

    problem: str
    hint: str

    def at_node(self, node: Node, slot: Slot, out: Tensor, spot: Spot) -> Tensor:
        raise EditError(f"{node.name} {self.problem}.", self.hint)

    def at_reader(self, reader: Reader, slot: Slot, x: Tensor, spot: Spot) -> Tensor:
        raise EditError(f"{reader.name} {self.problem}.", self.hint)


class Knockout(OfWeights):
    name = "knockout"
    problem = "cannot be knocked out"
    hint = "Knock out weights of a head's attention, as a5.h1[3]."


class Force(OfWeights):
    name = "force"
    problem = "cannot be forced"
    hint = "Force an expert of a mixture, as m5.e3."
