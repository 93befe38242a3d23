"""What the window asks the engine for when the text is to go on, and the replies."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.messages.request import OneShotQuery
from app.messages.stop_signal import StopSignal
from core.project.document import Document
from views.panels.continuation.data import Choice, NewToken


@dataclass(frozen=True, kw_only=True)
class ContinueQuery(OneShotQuery):
    """Go on with A, without the edits and with them. interrupt: set by the window where it is to stop."""

    choice: Choice
    interrupt: StopSignal = field(default_factory=StopSignal, compare=False)

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.inputs, document.means, document.edits


@dataclass(frozen=True)
class ContinueReply:
    """What is written by now. after: None where there are no edits. edits: how many act. over: no more comes. full: the
    context of the model is."""

    number: int
    query: ContinueQuery
    before: tuple[NewToken, ...]
    after: tuple[NewToken, ...] | None
    edits: int
    over: bool = False
    full: bool = False
