"""Work in whatever process: tasks that say what they do, and the model, which is opened once in each process; what
tasks of one run share is kept with it."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from core.errors import ModelError, WirescopeError
from core.sent.store import SentModels
from core.sharded.job import ModelRef

if TYPE_CHECKING:
    from core.datasets.session_over import Shared
    from core.models.model import Model

R = TypeVar("R", covariant=True)


@dataclass
class Opened:
    """A model in this process. like: what sessions of shards share, since the first of them. drawn_from: what that is
    of: a process may go from one run to another. kept: what pieces of studies share."""

    model: Model
    like: Shared | None = None
    drawn_from: object = None
    kept: dict[str, Any] = field(default_factory=dict)


Open = Callable[[ModelRef], Opened]


class Task(Protocol[R]):
    """A frozen dataclass of plain values, so that it travels to another process."""

    @property
    def number(self) -> int:
        """By which what it gives is known."""

    def do(self, model: Open) -> R:
        """model: opens one in this process. Raises WirescopeError, Cancelled."""


_opened: dict[ModelRef, Opened] = {}  # one at most


def opened(ref: ModelRef) -> Opened:
    """The model of this process, opened when it is first asked for. Raises ModelError, which names the machine, where
    it is not there or cannot be opened, and for other weights than those that the run was begun with."""
    from core.models.fingerprint import weights_hash
    from core.models.loading import load_model

    if ref not in _opened:
        _opened.clear()
        here = platform.node()
        name = ref.name
        if ref.folder and not Path(ref.folder).is_dir():
            sent = SentModels().known(ref.folder, ref.weights)
            name = "" if sent is None else ref.name.replace(ref.folder, str(sent), 1)
        if not name:
            raise ModelError(
                f"The machine {here} has no folder {ref.folder}: a worker reads a model in a folder where it runs.",
                "Put it at the same path on all machines, or name a pack, a bundled model or a Hub id.",
            )
        try:
            model = load_model(name, dtype=ref.precision, weights=ref.place)
        except WirescopeError as error:
            raise ModelError(f"On the machine {here}: {error.message}", error.hint) from None
        if weights_hash(model.adapter.module) != ref.weights:
            raise ModelError(
                f"{model.title} has other weights on the machine {here} than where the run was begun.",
                "Use one version of it on all machines.",
            )
        _opened[ref] = Opened(replace(model, name=ref.name))
    return _opened[ref]
