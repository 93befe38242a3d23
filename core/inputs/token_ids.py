"""Token ids in place of text: typed as numbers, as tensors, padded on either side."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from core.errors import InputError

_NUMBERS = re.compile(r"(?:ids:)?[\s,\[\]]*(\d+(?:[\s,]+\d+)*)[\s,\[\]]*", re.ASCII)
GIVE_MASK = "Give the ids with their mask: model.pair(tokenizer(texts, padding=True, return_tensors='pt'))."


def typed_ids(text: str) -> list[int]:
    """ "464 3139 286" or "ids: 464, 3139, 286" as ids. Raises InputError for other text."""
    match = _NUMBERS.fullmatch(text.strip())
    if match is None:
        raise InputError("This model has no tokenizer.", "Give token ids, as numbers: 464 3139 286.")
    return [int(number) for number in re.split(r"[\s,]+", match[1])]


def ids_and_mask(source: Mapping[str, Any]) -> tuple[Tensor, Tensor | None]:
    """What a tokenizer returns: ids and mask [batch, position]. Raises InputError where it holds no tensors."""
    ids, mask = source.get("input_ids"), source.get("attention_mask")
    if not isinstance(ids, Tensor) or not (mask is None or isinstance(mask, Tensor)):
        raise InputError("The tokenizer's output holds no tensors.", "Ask it for them: return_tensors='pt'.")
    return ids, mask


def right_padded(ids: Tensor, mask: Tensor | None) -> tuple[Tensor, tuple[int, ...]]:
    """Rows [batch, position] with their padding on the right, and how many positions of each are real. mask: 1 where a
    token is real; None: everywhere. Raises InputError for a mask that does not fit, has holes or leaves nothing."""
    if mask is None:
        return ids, (ids.shape[1],) * ids.shape[0]
    if mask.shape != ids.shape:
        raise InputError(
            f"The mask is {list(mask.shape)} and the ids are {list(ids.shape)}.", "Give one of their size."
        )
    real = mask.to(ids.device).bool()
    counts = real.sum(dim=1)
    if not bool((counts > 0).all()):
        raise InputError("The mask leaves no token of a row.", "Leave that row out.")
    starts = real.int().argmax(dim=1)
    places = torch.arange(ids.shape[1], device=ids.device)
    if bool((real != ((places >= starts[:, None]) & (places < (starts + counts)[:, None]))).any()):
        raise InputError("The mask has holes: tokens within a row that are not real.", "Padding stands at the ends.")
    longest = int(counts.max())
    rows = [F.pad(row[mask_of], (0, longest - int(mask_of.sum()))) for row, mask_of in zip(ids, real, strict=True)]
    return torch.stack(rows), tuple(counts.tolist())


def padding_of(tokenizer: Any, config: Any) -> tuple[int | None, bool]:
    """The id that rows are padded with, and whether it is for nothing else; None where none is known."""
    owner = config if tokenizer is None else tokenizer
    pad = getattr(owner, "pad_token_id", None)
    special = {getattr(owner, f"{name}_token_id", None) for name in ("bos", "eos", "unk")}
    if isinstance(pad, int) and pad >= 0:
        return pad, pad not in special
    end = getattr(owner, "eos_token_id", None)
    return (end, False) if isinstance(end, int) and end >= 0 else (None, False)


def padding_mask(ids: Tensor, padding: int) -> Tensor:
    """1 where a token is not padding at either end; rows of nothing else are all real."""
    unpadded = ids != padding
    inside = (unpadded.cumsum(1) > 0) & (unpadded.flip(1).cumsum(1).flip(1) > 0)
    return inside | ~unpadded.any(dim=1, keepdim=True)


def check_unpadded(ids: Tensor, padding: int, label: str, start: int | None) -> None:
    """Raise InputError for ids that were perhaps padded with a token that texts begin or end with: a row begins or ends
    with several, or some rows of a batch with more than others, and nothing tells which of them are real.

    ids: [batch, position]. padding: the token, called `label`. start: the token that a text begins with: one of it at
    the beginning of every row is no padding, nor is one at the end."""
    same = ids == padding
    empty = same.all(dim=1)
    for where, run in (("begin", same), ("end", same.flip(1))):
        counts = torch.where(empty, 1, run.cumprod(dim=1).sum(dim=1)).tolist()
        usual = 1 if where == "end" or start in (None, padding) else 0
        if max(counts) > usual or len(set(counts)) > 1:
            row = max(range(len(counts)), key=lambda place: counts[place])
            subject = f"Row {row} of the ids {where}s" if len(counts) > 1 else f"The ids {where}"
            raise InputError(
                f"{subject} with {counts[row]} times {label!r}, which rows are padded with and texts are marked with: "
                "which of them is padding cannot be told.",
                f"{GIVE_MASK} A mask of ones has them all read.",
            )
