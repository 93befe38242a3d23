"""The replacement values of one row of a batch, for runs whose batch is something else: a scan's edits."""

from __future__ import annotations

from torch import Tensor

from core.engine.references import References
from core.graph import Node, Reader


class RowReferences(References):
    """References of one row: every value has a batch of 1."""

    def __init__(self, whole: References, row: int) -> None:
        self._whole = whole
        self._row = row

    def _of(self, x: Tensor) -> Tensor:
        return x[self._row : self._row + 1] if x.shape[0] > 1 else x

    def patch_value(self, node: Node, reads: Tensor | None) -> Tensor:
        return self._of(self._whole.patch_value(node, reads))

    def patch_stream(self, reader: Reader, reads: Tensor | None) -> Tensor:
        return self._of(self._whole.patch_stream(reader, reads))

    def mean_value(self, node: Node) -> Tensor:
        return self._of(self._whole.mean_value(node))

    def mean_stream(self, reader: Reader) -> Tensor:
        return self._of(self._whole.mean_stream(reader))

    def resampled_value(self, node: Node, seed: int) -> Tensor:
        return self._of(self._whole.resampled_value(node, seed))

    def resampled_stream(self, reader: Reader, seed: int) -> Tensor:
        return self._of(self._whole.resampled_stream(reader, seed))

    def noise(self, target: Node | Reader, seed: int) -> Tensor:
        return self._of(self._whole.noise(target, seed))

    def bias_before(self, reader: Reader) -> Tensor:
        return self._whole.bias_before(reader)
