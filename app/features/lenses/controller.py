"""Lenses in the inspector, and the tint of card A: what is asked for them, and where the replies are shown."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.features.lenses.presenter import tint_of
from app.features.lenses.queries import (
    MovedQuery,
    MovedReply,
    PushedQuery,
    PushedReply,
    TokensQuery,
    TokensReply,
)
from app.messages.request import QueryRefusal
from app.services.actions import Actions
from app.workbench.workbench import Workbench
from core.edits import Target
from core.graph import Node
from core.project.document import Document
from views.panels.inputs.card import InputCard
from views.panels.inspector.lens_data import PushedData, TokensData
from views.panels.inspector.panel import InspectorPanel

MOVED, PUSHED, TOKENS = "moved attention", "pushed", "token attribution"


class LensesController(QObject):
    """Of one window."""

    def __init__(self, workbench: Workbench, inspector: InspectorPanel, card: InputCard, actions: Actions) -> None:
        super().__init__(inspector)
        self._workbench, self._inspector, self._card, self._actions = workbench, inspector, card, actions
        self._tinted = self._measured = False
        self._token = ""
        self._tokens: tuple[TokensReply, Document] | None = None  # and what it is of
        for kind, slot in (
            (MovedReply, self._take_moved),
            (PushedReply, self._take_pushed),
            (TokensReply, self._take_tokens),
            (QueryRefusal, self._take_refusal),
        ):
            workbench.on(kind, slot)
        workbench.selection_changed.connect(self._select)
        workbench.positions_changed.connect(lambda _: self._ask_pushed())
        workbench.document_changed.connect(self._follow)
        workbench.stale_changed.connect(self._set_stale)
        workbench.model_opened.connect(lambda _: self._forget())
        workbench.given_up.connect(lambda _: self._give_up())
        inspector.attention.moved_requested.connect(lambda _: self._ask_moved())
        inspector.pushed.token_wanted.connect(self._take_token)
        inspector.tokens.measure_requested.connect(self._measure)
        inspector.tokens.tint_requested.connect(lambda: actions["tint_inputs"].trigger())

    # ---- what is asked ----

    def _one(self) -> Node | None:
        selection = self._workbench.selection
        one = selection[0] if len(selection) == 1 else None
        return one if isinstance(one, Node) else None

    def _select(self, _selection: tuple[Target, ...]) -> None:
        self._token = ""
        self._inspector.pushed.clear()
        self._inspector.attention.show_moved(None)
        self._ask_moved()
        self._ask_pushed()
        self._ask_tokens()
        self._show_tokens()

    def _ask_moved(self) -> None:
        one = self._one()
        wanted = one is not None and one.kind == "head" and self._inspector.attention.shows_moved()
        self._workbench.set_query(MOVED, MovedQuery(one) if wanted and one is not None else None)

    def _ask_pushed(self) -> None:
        one, opened = self._one(), self._workbench.opened
        says_answers = opened is not None and opened.has_head  # else the logit lens says why there are none
        if one is None or one.kind != "head" or not says_answers:
            self._workbench.set_query(PUSHED, None)
            return
        positions = self._workbench.positions
        self._workbench.set_query(PUSHED, PushedQuery(one, positions[-1] if positions else None, self._token))

    def _take_token(self, token: str) -> None:
        self._token = token
        self._ask_pushed()

    def _ask_tokens(self) -> None:
        """Measurements take long: they are asked for once, and estimates again where anything changes."""
        one = self._one()
        looked_at = self._tinted or (one is not None and one.kind == "input")
        able = looked_at and not why_no_tint(self._workbench)
        known = self._tokens is not None and self._holds(*self._tokens) and self._tokens[0].query.measured
        query = TokensQuery(self._measured) if able and not known else None
        self._workbench.set_query(TOKENS, query)

    def _holds(self, reply: TokensReply, document: Document) -> bool:
        return reply.query.holds(document, self._workbench.document)

    def _measure(self) -> None:
        self._measured = True
        self._ask_tokens()

    def tint(self) -> None:
        """Tint card A, or take the colours away."""
        self._tinted = not self._tinted
        self._ask_tokens()
        self._show_tokens()

    def _follow(self, before: Document, after: Document) -> None:
        if self._tokens is not None and not self._holds(*self._tokens):
            self._measured = False
            if before.inputs != after.inputs:
                self._tokens = None
        self._ask_tokens()
        self._show_tokens()

    def _give_up(self) -> None:
        self._measured = False
        self._ask_tokens()

    def _forget(self) -> None:
        self._tokens, self._measured = None, False
        self._ask_tokens()
        self._show_tokens()

    # ---- what comes ----

    def _take_moved(self, reply: MovedReply) -> None:
        if reply.node == self._one():
            self._inspector.attention.show_moved(reply.weights)

    def _take_pushed(self, reply: PushedReply) -> None:
        if reply.query.node == self._one():
            self._inspector.pushed.show_pushed(reply.data)

    def _take_tokens(self, reply: TokensReply) -> None:
        self._tokens = reply, self._workbench.document
        if reply.query.measured:
            self._measured = False
            self._ask_tokens()
        self._show_tokens()

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if isinstance(refusal.query, TokensQuery):
            self._measured = False
            self._tokens = (
                TokensReply(refusal.number, refusal.query, TokensData(why=refusal.words)),
                self._workbench.document,
            )
            self._show_tokens()
        elif isinstance(refusal.query, PushedQuery):
            self._inspector.pushed.show_pushed(PushedData(why=refusal.words))

    # ---- what is shown ----

    def _show_tokens(self) -> None:
        one = self._one()
        data = None if self._tokens is None else self._tokens[0].data
        shown = one is not None and one.kind == "input"
        self._inspector.tokens.show_tokens(data if shown else None)
        self._inspector.tokens.set_tinted(self._tinted)
        if self._tokens is not None and not self._holds(*self._tokens):
            self._inspector.tokens.set_stale(True)
        able = self._tinted and data is not None and not why_no_tint(self._workbench)
        self._card.set_tint(tint_of(data) if able and data is not None else None)
        action = self._actions["tint_inputs"]
        if action.isChecked() != self._tinted:
            action.setChecked(self._tinted)

    def _set_stale(self, stale: bool) -> None:
        if stale:  # each brightens when its own answer comes
            self._inspector.pushed.set_stale(True)


def why_no_tint(workbench: Workbench) -> str:
    """Why there is nothing to attribute to."""
    if workbench.opened is None:
        return "Open a model first"
    return "" if workbench.ready is not None else "Fill card A first"
