"""One model going through the checkpoints of a series, one set of weights at a time.

The first is opened as every model is. For the others the module's weights are exchanged: parameters of their own in a
copy of the module that shares all else, so that nothing that was computed with other weights is ever read, and the
earlier weights go as soon as nobody uses them. That a file's names are the module's is not assumed: the first one's
numbers are compared. Where they differ (a library renamed or joined weights), each checkpoint is opened anew.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core.checkpoints.series import Checkpoint, Series
from core.errors import InputError
from core.models.checkpoint import weight_files
from core.models.family import adapt
from core.models.health import check_weights
from core.models.loading import load_model
from core.models.model import Model
from core.models.spread import name_of_devices
from core.models.streamed import is_streamed
from core.precision_words import EIGHT_BITS

PIECE = 1 << 22  # bytes of a file that are read at once


class SeriesModel:
    """The model of a series at a step. weights: where they go, as `load_model` takes it. opened: one of its checkpoints
    that is open already, by its name, in that precision. All compute where that one does, else on the CPU."""

    def __init__(self, series: Series, dtype: str = "fp32", opened: Model | None = None, weights: str = "auto") -> None:
        self.series = series
        self._dtype, self._weights = dtype, weights
        self._device = "cpu" if opened is None else name_of_devices(opened.adapter)
        usable = opened is not None and (opened.unrounded is not None) == (weights == EIGHT_BITS)
        self._model = opened if opened is not None and usable and series.index(opened.name) is not None else None
        first = self._model
        self._first = None if first is None else (first.title, _shape(first))
        self._direct: bool | None = None  # whether files have the module's names; None: not known yet
        self.swapped = False  # whether the last one came by exchanging weights

    def at(self, step: int) -> Model:
        """The model at a step. Raises InputError for a step that is not there, and for a model of another shape than
        the one before, as revisions of the Hub may be; ModelError."""
        checkpoint = self.series.at(step)
        if self._model is not None and self._model.name == checkpoint.name:
            return self._model
        model = self._model
        self.swapped = model is not None and self.series.swaps and self._is_direct(model)
        if model is None or not self.swapped:
            del model
            self._model = None  # it goes before the next one is there
            self._model = load_model(checkpoint.name, device=self._device, dtype=self._dtype, weights=self._weights)
            self._check_shape(self._model)
        else:
            self._model = with_weights(model, stored_numbers(Path(checkpoint.name)), checkpoint)
        self._first = self._first or (self._model.title, _shape(self._model))
        return self._model

    def _check_shape(self, model: Model) -> None:
        if self._first is not None and _shape(model) != self._first[1]:
            title, shape = self._first
            other = next(name for name, size in _shape(model).items() if size != shape[name])
            raise InputError(
                f"{model.title} and {title} are not checkpoints of one training: of {model.title}, {other} is "
                f"{_shape(model)[other]} and not {shape[other]}.",
                f"Leave {model.title} out, or follow the checkpoints of one training.",
            )

    def _is_direct(self, model: Model) -> bool:
        if is_streamed(model.adapter):  # its numbers are those of its file
            return False
        if self._direct is None:
            self._direct = is_direct(model.adapter.module, stored_numbers(Path(model.name)))
        return self._direct


def _shape(model: Model) -> dict[str, object]:
    """What is alike in all checkpoints of a training, by its name in words."""
    adapter = model.adapter
    return {
        "the architecture": type(adapter.module).__name__,
        "the number of layers": adapter.shape.layers,
        "the number of heads": adapter.shape.heads,
        "the width": adapter.shape.width,
        "the number of tokens": adapter.vocabulary,
    }


def stored_numbers(folder: Path) -> dict[str, Tensor]:
    """All weights in a folder's files, by name. Tensors stay in the file until they are read."""
    from safetensors.torch import load_file

    return {name: tensor for path in weight_files(folder) for name, tensor in load_file(path).items()}


def content_hash(folder: Path) -> str:
    """SHA-256 of a checkpoint's weights as they lie in its files, in hexadecimal digits."""
    sha = hashlib.sha256()
    for path in weight_files(folder):
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                sha.update(piece)
    return sha.hexdigest()


def is_direct(module: nn.Module, stored: Mapping[str, Tensor]) -> bool:
    """Whether every parameter of a module stands in its file under the same name, with the same numbers, and nothing
    else does but what no parameter is called."""
    numbers = _numbers(module, stored)
    return (
        all(
            number is not None
            and number.shape == parameter.shape
            and torch.equal(number.to(parameter.device, parameter.dtype), parameter)
            for parameter, number in numbers.values()
        )
        and len(numbers) > 0
    )


def with_weights(model: Model, stored: Mapping[str, Tensor], checkpoint: Checkpoint) -> Model:
    """The same model with other weights. stored: by the module's names, of its shapes. Raises ModelError for weights
    that are not finite."""
    module = exchanged(model.adapter.module, stored)
    check_weights(module, checkpoint.title)
    return replace(model, name=checkpoint.name, title=checkpoint.title, adapter=adapt(module))


def exchanged(module: nn.Module, stored: Mapping[str, Tensor]) -> Any:
    """A copy of a module with other parameters, in its precision and on its device; tensors that are one stay one.
    Buffers that the file does not have are shared."""
    new: dict[int, Any] = {}
    for identity, (tensor, number) in _numbers(module, stored).items():
        there = tensor if number is None else number.to(tensor.device, tensor.dtype)
        is_parameter = number is not None and isinstance(tensor, nn.Parameter)
        new[identity] = nn.Parameter(there, requires_grad=False) if is_parameter else there
    for buffer in module.buffers():
        new.setdefault(id(buffer), buffer)
    return copy.deepcopy(module, new)


def _numbers(module: nn.Module, stored: Mapping[str, Tensor]) -> dict[int, tuple[Tensor, Tensor | None]]:
    """By the identity of each parameter and of each buffer that the file has: itself, and the file's numbers. Tied
    parameters have several names, of which a file has one."""
    named: dict[int, tuple[Tensor, Tensor | None]] = {}
    for name, tensor in module.named_parameters(remove_duplicate=False):
        if id(tensor) not in named or named[id(tensor)][1] is None:
            named[id(tensor)] = tensor, stored.get(name)
    for name, buffer in module.named_buffers(remove_duplicate=False):
        if name in stored:
            named[id(buffer)] = buffer, stored[name]
    return named
