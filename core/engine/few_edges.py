"""What readers of a circuit run read where few edges are kept and streams are long: the edges are added one by one.

    x_r = reference + sum over kept edges (u -> r) of (out_u - reference_u)

A product [readers, writers] @ [writers, rows * width] of few readers goes at a third of a processor's speed, and most
of its factors are zero; an addition goes at that of its cache. On small inputs the product is quicker: it is one call.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SHARE = 0.3  # of the edges of some readers, for which both take as long
LONG = 2**15  # numbers in a stream
WIDE = (torch.float32, torch.float64)  # in which each of many sums rounds little


def pays(keep: NDArray[np.bool_], x: Tensor) -> bool:
    """Whether additions take less than a product. keep: [readers, writers]. x: the streams that the readers read,
    [rows, readers, width]."""
    if x[:, 0].numel() < LONG or x.dtype not in WIDE:
        return False
    return len(keep) == 1 or bool(keep.sum() <= SHARE * keep.size)


def add_each(keep: NDArray[np.bool_], source: Tensor, reference: Tensor, x: Tensor) -> None:
    """Set x [rows, readers, width] to a reference [rows, width] and what each reader keeps of a source [writers, rows,
    width]. keep: [readers, writers]."""
    for stream, of_reader in zip(x.unbind(1), keep, strict=True):
        total = reference
        for writer in np.flatnonzero(of_reader).tolist():
            total = torch.add(total, source[writer], out=stream)
        if total is reference:
            stream.copy_(reference)
