"""What the window asks the engine for to write a script in plain PyTorch, and the reply."""

from __future__ import annotations

from dataclasses import dataclass

from app.messages.request import OneShotQuery
from core.project.document import Document


@dataclass(frozen=True, kw_only=True)
class TorchScriptQuery(OneShotQuery):
    """The present state as a script in plain PyTorch."""

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.run


@dataclass(frozen=True)
class TorchScriptReply:
    number: int
    query: TorchScriptQuery
    text: str
