"""A loaded model: its adapter, and how inputs and answers get in and out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from core.errors import InputError
from core.graph import Graph
from core.inputs.answer_tokens import answer_id, answer_label, number_in
from core.inputs.images import ImageProcessing, model_view, open_image
from core.inputs.pair import Pair, Side, stack_rows
from core.inputs.text import check_aligned, doubled_start, encode_side, token_texts
from core.inputs.token_ids import (
    check_unpadded,
    ids_and_mask,
    padding_mask,
    padding_of,
    right_padded,
    typed_ids,
)
from core.models.adapter import Adapter


@dataclass(frozen=True)
class Model:
    """A model that Wirescope can open.

    name: how to load it again (`bundled:names`, a path). title: for people.
    tokenizer: for text; processing: for images; either may be None, then only tensors are taken.
    class_names: of a classifier. notes: what should be known of how it was opened.
    unrounded: of a model with weights in 8 bits, the same with its weights as they are on disk.
    weights_place: where its weights were asked to be, as `load_model` takes it.
    """

    name: str
    title: str
    adapter: Adapter
    tokenizer: Any = None
    processing: ImageProcessing | None = None
    class_names: tuple[str, ...] = field(default=(), repr=False)
    notes: tuple[str, ...] = ()
    unrounded: Adapter | None = field(default=None, repr=False)
    weights_place: str = field(default="auto", repr=False)
    _labels: dict[int, str] = field(default_factory=dict, init=False, repr=False, compare=False)  # of answers, so far
    sessions: ClassVar[str] = ""  # the class of its sessions, as module:name; empty for the usual one

    @property
    def graph(self) -> Graph:
        return self.adapter.graph

    @property
    def input_words(self) -> str:
        """What the `input` node is made of: "token", "token + position", "patch + position"."""
        if not self.is_text:
            return "patch + position"
        return "token + position" if self.adapter.learned_positions else "token"

    @property
    def is_text(self) -> bool:
        return self.adapter.shape.input_kind == "text"

    @property
    def has_head(self) -> bool:
        """Whether it gives answers; else it gives an embedding."""
        return self.adapter.shape.output_kind != "embedding"

    # ---- inputs ----

    def pair(self, clean: Any, counterfactual: Any = None) -> Pair:
        """Make a pair of inputs; a list makes a batch.

        Text models take text, ids [batch, position], or what a tokenizer returns, ids with their mask; image models
        take PIL images, paths, arrays or pixels [batch, channel, height, width] as the model takes them. Without a
        tokenizer, text is ids as numbers: "464 3139 286". Raises InputError.
        """
        a = self.side(clean)
        b = None if counterfactual is None else self.side(counterfactual)
        if b is not None:
            if len(a.lengths) != len(b.lengths):
                raise InputError(f"There are {len(a.lengths)} clean inputs and {len(b.lengths)} counterfactuals.")
            self.check_aligned(a, b)
        grid = self.adapter.image_grid(a.tensor)
        return Pair(a, b, grid, self.adapter.prefix if grid is not None else 0)

    def check_aligned(self, a: Side, b: Side) -> None:
        """Raise InputError where B does not stand beside A position by position."""
        if self.is_text:
            check_aligned(a, b)
        elif a.tensor.shape != b.tensor.shape:
            raise InputError(
                f"A is {_size(a.tensor)} pixels for the model and B {_size(b.tensor)}.",
                "Crop one of them.",
            )

    def side(self, source: Any) -> Side:
        """One input (or a list) as the model takes it. Raises InputError."""
        if isinstance(source, Tensor):
            return self._ids_side(source) if self.is_text else self._pixels_side(source)
        if isinstance(source, Mapping) and self.is_text:
            return self._ids_side(*ids_and_mask(source))
        many = list(source) if isinstance(source, list | tuple) else [source]
        if not many:
            raise InputError("There is no input.", "Give at least one.")
        return self._text_side(many) if self.is_text else self._image_side(many)

    def _text_side(self, sources: Sequence[Any]) -> Side:
        wrong = next((source for source in sources if not isinstance(source, str)), None)
        if wrong is not None:
            kind = type(wrong).__name__
            raise InputError(f"{self.title} reads text, not {kind}.", "Give text or token ids, or open a vision model.")
        if self.tokenizer is None:
            typed = [torch.tensor(typed_ids(text), device="cpu")[None] for text in sources]
            side = self._ids_side(*_as_batch(typed))
            return replace(side, text=" ".join(str(token) for token in typed[0][0].tolist()))
        adapter = self.adapter
        side = encode_side(self.tokenizer, sources, adapter.context_length, adapter.padded_length)
        self._check_ids(side.tensor)
        return replace(side, tensor=side.tensor.to(adapter.device))

    def _image_side(self, sources: Sequence[Any]) -> Side:
        if self.processing is None:
            raise InputError("This model has no image processor.", "Give pixels [batch, channel, height, width].")
        opened = [open_image(source) for source in sources]
        pixels = torch.stack([self.processing.to_pixels(picture.image) for picture in opened])
        pixels = pixels.to(self.adapter.device, self.adapter.dtype)
        view = np.asarray(model_view(pixels[0].float().cpu(), self.processing.mean, self.processing.std))
        labels = self._patch_labels(pixels)
        return Side(pixels, labels, (len(labels),) * len(opened), opened[0].name, view, opened[0].notes)

    def _ids_side(self, ids: Tensor, mask: Tensor | None = None) -> Side:
        """Ids [batch, position]; with a mask, or padded with a token that is for nothing else, their padding goes to
        the right; ids that were perhaps padded with a token of texts are refused. A model that reads its padding takes
        ids as they are."""
        if ids.ndim != 2 or ids.is_floating_point():
            raise InputError("Token ids must be whole numbers [batch, position].", f"Got {_describe(ids)}.")
        ids = ids.to(self.adapter.device)
        notes: list[str] = []
        padding, alone = padding_of(self.tokenizer, getattr(self.adapter.module, "config", None))
        padded = self.adapter.padded_length is not None or self.adapter.shape.output_kind != "next token"
        if mask is None and padding is not None and ids.shape[1] and not padded:
            if alone and not bool(padding_mask(ids, padding).all()):
                mask = padding_mask(ids, padding)
                notes.append(f"The padding ({self.label(padding)!r}) is taken out: it is no part of the input.")
            elif not alone:
                start = getattr(self.tokenizer, "bos_token_id", None)
                check_unpadded(ids, padding, self.label(padding), start)
        if self.adapter.padded_length is None:
            ids, lengths = right_padded(ids, mask)
        else:
            lengths = (ids.shape[1],) * ids.shape[0]
        limit = self.adapter.context_length
        if ids.shape[1] == 0 or (limit is not None and ids.shape[1] > limit):
            raise InputError(f"The input has {ids.shape[1]} tokens; the model takes 1 to {limit}.")
        self._check_ids(ids)
        longest = ids[max(range(len(ids)), key=lambda row: lengths[row])]
        first = [*ids[0, : lengths[0]].tolist(), *longest[lengths[0] :].tolist()]
        if self.tokenizer is None:
            labels = tuple(f"#{token}" for token in first)
        else:
            labels = token_texts(self.tokenizer, first)
            if not notes and any(doubled_start(self.tokenizer, row) for row in ids.tolist()):
                notes.append(f"It begins with {labels[0]} twice. Models are trained with one: leave one out.")
        return Side(ids, labels, lengths, "".join(labels[: lengths[0]]), notes=tuple(notes))

    def _pixels_side(self, tensor: Tensor) -> Side:
        if tensor.ndim != 4 or not tensor.is_floating_point():
            raise InputError("Pixels must be numbers [batch, channel, height, width].", f"Got {_describe(tensor)}.")
        tensor = tensor.to(self.adapter.device, self.adapter.dtype)
        labels = self._patch_labels(tensor)
        return Side(tensor, labels, (len(labels),) * tensor.shape[0], "pixels")

    def _check_ids(self, ids: Tensor) -> None:
        count = self.adapter.vocabulary
        assert count is not None
        outside = ids[(ids < 0) | (ids >= count)]
        if outside.numel():
            raise InputError(
                f"There is no token {int(outside[0])}: the model knows tokens 0 to {count - 1}.",
                "Is the tokenizer the model's own?",
            )

    def _patch_labels(self, pixels: Tensor) -> tuple[str, ...]:
        grid = self.adapter.image_grid(pixels)
        assert grid is not None
        patches = [f"{row},{column}" for row in range(grid[0]) for column in range(grid[1])]
        return (*self.adapter.prefix_labels, *patches)

    # ---- answers ----

    def label(self, index: int) -> str:
        """A token's text or a class's name; its number, "#134" or "class 134", where these would not lead back to
        it."""
        if index not in self._labels:  # a tokenizer is asked twice for each, and every run names some dozens
            self._labels[index] = self._label(index)
        return self._labels[index]

    def _label(self, index: int) -> str:
        if self.is_text:
            return answer_label(self.tokenizer, index) if self.tokenizer is not None else f"#{index}"
        name = self.class_names[index] if index < len(self.class_names) else ""
        first = next((i for i, other in enumerate(self.class_names) if _plain(other) == _plain(name)), None)
        return name if name.strip() and first == index else f"class {index}"

    def answer(self, answer: str | int) -> int:
        """The token id or class index that an answer means. Raises InputError."""
        if isinstance(answer, int | np.integer):
            return int(answer)
        if self.is_text:
            if self.tokenizer is not None:
                return answer_id(self.tokenizer, answer)
            number = number_in(answer) if answer.strip().startswith(("#", "id:")) else number_in(f"#{answer}")
            if number is None:
                raise InputError("This model has no tokenizer.", "Give answers as token ids, 134 or #134.")
            return number
        for index, name in enumerate(self.class_names):
            if _plain(name) == _plain(answer):
                return index
        number = number_in(answer.strip().replace("class ", "#"))
        if number is not None:
            return number
        class_words = ", ".join(self.class_names[:8])
        raise InputError(f"There is no class called {answer!r}.", f"Classes are: {class_words}." if class_words else "")

    def checked_answer(self, answer: str | int) -> int:
        """As `answer`; a number must be one that the model knows too. Raises InputError."""
        number = self.answer(answer)
        count = self.adapter.vocabulary if self.is_text else len(self.class_names) or None
        if number < 0 or (count is not None and number >= count):
            what = "token" if self.is_text else "class"
            range_words = "" if count is None else f": the model knows 0 to {count - 1}"
            raise InputError(f"There is no {what} {number}{range_words}.", "Is the file made for another model?")
        return number


def _as_batch(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Rows [1, position] as one batch, padded on the right, and the mask of what is real."""
    ids = stack_rows([row[0] for row in rows])
    lengths = torch.tensor([row.shape[1] for row in rows], device="cpu")
    return ids, (torch.arange(ids.shape[1], device="cpu") < lengths[:, None]).int()


def _plain(class_name: str) -> str:
    return class_name.strip().lower()


def _size(pixels: Tensor) -> str:
    return f"{pixels.shape[-1]} x {pixels.shape[-2]}"


def _describe(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"
