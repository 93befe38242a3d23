"""Answers the lenses' queries. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from dataclasses import replace

from app.features.lenses.queries import (
    MovedQuery,
    MovedReply,
    PushedQuery,
    PushedReply,
    TokensQuery,
    TokensReply,
)
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.worker.handler_table import Handler, Handlers
from app.worker.session_cache import SessionCache
from app.worker.towers import TEXT_TOWER, seen_in
from core.edits import ABLATIONS, REPLACED
from core.errors import Cancelled, WirescopeError
from core.formatting import visible_token
from core.lens.attention import attention_pattern, value_weighted_attention
from core.lens.promoted import Promoted, head_promotes
from core.lens.token_attribution import token_attribution
from core.session import Session
from core.towers_graph import check_one_tower
from views.panels.inspector.data import LogitLensRow
from views.panels.inspector.lens_data import PushedData, TokensData

PUSHED = 4  # answers in either direction
STEPS = 10  # of integrated gradients


def handle_moved(query: MovedQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    def find() -> MovedReply:
        result = cache.session.run(cache.possible(request.document), positions="all", cancelled=cancelled)
        seen = seen_in(cache.session, result, query.node)
        if seen is None:
            return MovedReply(0, query.node, None)
        _, result, node = seen
        return MovedReply(0, query.node, value_weighted_attention(result, node.layer, node.head))

    send(replace(cache.answer(query, request, find), number=request.number))


def handle_pushed(query: PushedQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    def find() -> PushedData:
        result = cache.session.run(cache.possible(request.document), positions="all", cancelled=cancelled)
        seen = seen_in(cache.session, result, query.node)
        if seen is None:
            return PushedData(why=TEXT_TOWER)
        session, result, node = seen
        is_text = session.model.is_text
        position = query.position
        if position is None or position >= session.pair.length:
            reads = session.engine.reads
            asking = 0 if reads is None else int(reads[0, 0])
            position = int(attention_pattern(result, node.layer, node.head)[asking].argmax())
        try:
            there = _rows(head_promotes(result, node, position, count=PUSHED), session)
        except WirescopeError as error:
            return PushedData(why=f"{error.message} {error.hint}".strip())
        data = PushedData(there, position=_name(session, position), can_type=is_text)
        if not is_text:
            return data
        token = query.token or int(session.pair.clean.tensor[0, position])
        try:
            alone = head_promotes(result, node, token=token, count=PUSHED)
        except WirescopeError as error:
            return replace(data, why_alone=f"{error.message} {error.hint}".strip())
        name = query.token or session.pair.clean.labels[position]
        return replace(data, alone=_rows(alone, session), token=f"“{visible_token(name)}”")

    send(PushedReply(request.number, query, cache.answer(query, request, find)))


def _name(session: Session, position: int) -> str:
    """A position in a sentence."""
    label = session.pair.clean.labels[position]
    if session.pair.grid is None:
        return f"“{visible_token(label)}” (position {position})"
    return label if position < session.pair.prefix else f"patch {label.replace(',', ', ')}"


def _rows(promotion: Promoted, session: Session) -> tuple[LogitLensRow, ...]:
    """Those that are pushed up, then those that are pushed down, the strongest of these last."""
    asked = {*session.metric.target[:1], *session.metric.foil[:1]}
    up = [row for row in promotion.most if row.value > 0]
    down = [row for row in reversed(promotion.least) if row.value < 0]
    return tuple(LogitLensRow(row.label, row.value, row.index in asked) for row in (*up, *down))


def handle_tokens(query: TokensQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    session, kind = cache.session, cache.cut_kind(request.document)

    def tell(share: float) -> None:
        if query.measured:
            send(ProgressReply(request.number, f"Replacing the input at {session.pair.length} positions", share))

    def find() -> TokensData:
        try:
            check_one_tower(session.graph, "Attribution per token")
            replacement = kind if kind in ABLATIONS else None
            attribution = token_attribution(
                session, replacement, steps=STEPS, measured=query.measured, cancelled=cancelled, done=tell
            )
        except Cancelled:
            raise
        except WirescopeError as error:
            return TokensData(why=f"{error.message} {error.hint}".strip())
        return TokensData(
            attribution.labels,
            attribution.estimated,
            attribution.measured,
            attribution.total,
            attribution.gap,
            REPLACED[attribution.replacement],
            attribution.metric,
            session.pair.prefix,
            session.pair.grid is not None,
            cache.direction(kind),
        )

    send(TokensReply(request.number, query, cache.answer(query, request, find)))


HANDLERS: Handlers = {
    MovedQuery: Handler(handle_moved),
    PushedQuery: Handler(handle_pushed),
    TokensQuery: Handler(handle_tokens),
}
