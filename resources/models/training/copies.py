"""What induction predicts: the token that followed an earlier copy of the present one (Olsson et al. 2022), within the
text that a position can see."""

from __future__ import annotations

import torch
from torch import Tensor

from resources.models.training.names_data import Batch


def predicted_by_induction(batch: Batch) -> Tensor:
    """Whether each token is one that followed an earlier copy of the token before it, in the same text: a mask
    `[row, position]`. Texts end where positions do not go on by one."""
    ids, positions = batch.ids, batch.positions
    begins = torch.ones_like(ids, dtype=torch.bool)
    begins[:, 1:] = positions[:, 1:] != positions[:, :-1] + 1
    text = begins.cumsum(dim=1)
    pairs = torch.stack((ids[:, :-1], ids[:, 1:], text[:, 1:]), dim=-1)  # that a text's first token ends is no pair
    same = (pairs[:, :, None] == pairs[:, None, :]).all(dim=-1)
    earlier = torch.ones(same.shape[1:], dtype=torch.bool).tril(-1)
    whole = (text[:, :-1] == text[:, 1:])[:, None, :]
    again = torch.zeros_like(begins)
    again[:, 1:] = (same & earlier & whole).any(dim=2) & whole[:, 0]
    return again


def without_copies(batch: Batch) -> Batch:
    """The same rows; what induction predicts does not count. Those of which nothing is left that counts are left out:
    the loss is the same, and they cost time."""
    weights = batch.weights * ~predicted_by_induction(batch)
    left = weights[:, 1:].any(dim=1)
    return Batch(batch.ids[left], weights[left], batch.positions[left])
