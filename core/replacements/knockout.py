"""Knockout: a head does not see some positions from others (attention knockout; Geva et al. 2023): the scores of these
entries are minus infinity before the softmax, so that the head's other weights at the query sum to 1 again (with the
sink's, where the head has one). In part, the shares are multiplied before the others make up for it. What is done to a
pattern is in `core.engine.entries`: nothing is put in the place of what nodes write and readers read. Of an expert of
a mixture the router's other weights make up for it (`core.engine.routing`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from torch import Tensor

from core.engine.replacement import Replacement, Spot
from core.errors import EditError
from core.graph import Node, Reader

if TYPE_CHECKING:
    from core.engine.plan import Slot


class Knockout(Replacement):
    name = "knockout"

    def at_node(self, node: Node, slot: Slot, out: Tensor, spot: Spot) -> Tensor:
        _refuse(node)

    def at_reader(self, reader: Reader, slot: Slot, x: Tensor, spot: Spot) -> Tensor:
        _refuse(reader)


def _refuse(what: Node | Reader) -> NoReturn:
    raise EditError(f"{what.name} cannot be knocked out.", "Knock out weights of a head's attention, as a5.h1[3].")
