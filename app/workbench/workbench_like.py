"""A workbench as its own parts see it, its intents, its presenter: what they may read and do of it. `Workbench` is one;
as it makes these parts, they know it by this protocol alone."""

from __future__ import annotations

from typing import Any, Protocol

from app.messages.arrow import Arrow
from app.messages.replies import InputsReply, ModelReply, RunReply, ScoresReply
from app.messages.request import Query
from app.presenters.canvas import Extent
from app.workbench.project_records import ProjectRecords
from app.workbench.results import Known
from core.edits import EditKind, Target
from core.project.change import Change
from core.project.document import Document
from core.project.history import History


class WorkbenchLike(Protocol):
    """The present document with its history, and what the engine has said of it."""

    history: History
    records: ProjectRecords
    extent: Extent

    # Signals: what they carry stands in `Workbench`.
    model_opened: Any
    document_changed: Any
    cards_changed: Any
    metric_changed: Any
    canvas_changed: Any
    predictions_changed: Any
    nothing_to_show: Any
    inspection_changed: Any
    edits_changed: Any
    stale_changed: Any
    idle: Any
    given_up: Any
    memory_changed: Any
    message: Any
    failed: Any

    @property
    def opened(self) -> ModelReply | None: ...
    @property
    def document(self) -> Document: ...
    @property
    def selection(self) -> tuple[Target, ...]: ...
    @property
    def positions(self) -> tuple[int, ...]: ...
    @property
    def arrow(self) -> Arrow | None: ...
    @property
    def labels(self) -> tuple[str, ...]: ...
    @property
    def cut_kind(self) -> EditKind: ...
    @property
    def known(self) -> Known: ...
    @property
    def scored(self) -> ScoresReply | None: ...
    @property
    def ready(self) -> InputsReply | None: ...
    @property
    def ready_of_present(self) -> InputsReply | None: ...
    @property
    def ran(self) -> RunReply | None: ...
    @property
    def ran_is_present(self) -> bool: ...
    @property
    def busy(self) -> bool: ...
    @property
    def stale(self) -> bool: ...
    @property
    def direction(self) -> int | None: ...

    def usable(self) -> Document: ...
    def commit(self, words: str, document: Document, merge: str = "") -> None: ...
    def take(self, change: Change | None) -> None: ...
    def select(self, selection: tuple[Target, ...]) -> None: ...
    def claim_key(self, key: str) -> None: ...
    def set_query(self, key: str, query: Query | None) -> None: ...
    def ask(self, changes: bool = True) -> None: ...
    def ask_anew(self) -> None: ...
    def say_locked(self) -> None: ...
