"""The smallest circuit that recovers a share, as the strip asks for it: found by the engine, kept as one step."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject

from app.features.circuit.queries import SmallestQuery, SmallestReply
from app.messages.request import QueryRefusal
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench
from core.formatting import best_edges, counted, share_words
from core.project.document import Document
from views.panels.circuit.panel import ThresholdStrip


class SmallestController(QObject):
    """Of one window."""

    def __init__(self, workbench: Workbench, panel: ThresholdStrip) -> None:
        super().__init__(panel)
        self._workbench = workbench
        self._one_shot = OneShot[SmallestQuery](workbench, "smallest circuit")
        panel.share_wanted.connect(self._find)
        workbench.on(SmallestReply, self._take)
        workbench.on(QueryRefusal, self._take_refusal)
        workbench.document_changed.connect(self._follow)

    def _follow(self, before: Document, document: Document) -> None:
        """A circuit of another model, of other inputs or scores was not asked for."""
        asked = self._one_shot.asked
        if asked is not None and not asked.holds(before, document):
            self._one_shot.drop()

    def _find(self, share: float) -> None:
        workbench = self._workbench
        if workbench.scored is None:
            workbench.message.emit("No edges are scored yet, so none is the best: press T to trace.")
            return
        self._one_shot.ask(SmallestQuery(share))

    def _take(self, reply: SmallestReply) -> None:
        if not self._one_shot.ends(reply.query):
            return
        workbench, least = self._workbench, f"at least {share_words(reply.query.share)}"
        if reply.size is None:
            workbench.message.emit(f"No circuit of the best edges, of any size that was run, recovers {least}.")
            return
        workbench.history.seal()
        words = f"Keep the smallest circuit for {least}: {counted(reply.size, 'edge')}"
        workbench.commit(words, replace(workbench.document, size=reply.size))
        workbench.history.seal()
        workbench.message.emit(smallest_words(reply))

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if isinstance(refusal.query, SmallestQuery) and self._one_shot.ends(refusal.query):
            self._workbench.message.emit(refusal.words)


def smallest_words(reply: SmallestReply) -> str:
    """What was found, and how sure it is that nothing smaller would do."""
    assert reply.size is not None
    fewer, share = reply.size - 1, share_words(reply.share)
    if fewer == 0:
        return f"The best of {reply.edges:,} edges alone recovers {share}."
    less = f"{best_edges(fewer)} recover{'s' * (fewer == 1)} {share_words(reply.before)}"
    return (
        f"The best {reply.size:,} of {reply.edges:,} edges recover {share}; {less}. "
        f"Found by halving, so a smaller one that was not run may recover {share_words(reply.query.share)} too."
    )
