"""Goes on with A's text, before and after the edits side by side. Runs in the worker's thread; imports torch.

What was written is kept, with what it takes to go on: a request that was given up for another one, more tokens, and
another edit beside the same text cost only what is new.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from app.features.continuation.queries import ContinueQuery, ContinueReply
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.worker.handler_table import Handler, Handlers
from app.worker.recent import Recent
from app.worker.session_cache import SessionCache
from core.continuation import MOST_TOKENS, NO_LETTER, prompt_ids, written_text
from core.edits import Edit
from core.errors import Cancelled
from core.session import Session
from views.panels.continuation.data import Choice, NewToken

KEPT = 4  # texts that can be gone on with


@dataclass
class Writing:
    """One text as far as it is written."""

    session: Session
    edits: Sequence[Edit]
    choice: Choice
    tokens: list[NewToken] = field(default_factory=list)
    ended: bool = False  # by the model, or by its context

    def __post_init__(self) -> None:
        self._prompt = prompt_ids(self.session)
        self._shown = ""
        options = {"temperature": self.choice.temperature, "seed": self.choice.seed}
        self._rest = self.session.generate(MOST_TOKENS, edits=self.edits, **options)  # type: ignore[arg-type]

    def write(self) -> None:
        """One token more."""
        token = next(self._rest, None)
        if token is None:
            self.ended = True
            return
        written = [*(known.index for known in self.tokens), token.index]
        text = written_text(self.session.model, self._prompt, written)
        waits = text.endswith(NO_LETTER)  # for the rest of a letter
        shown = "…" if waits else text.removeprefix(self._shown).lstrip(NO_LETTER)
        self._shown = self._shown if waits else text
        taken = None if NO_LETTER in text else text
        self.tokens.append(NewToken(token.index, token.label, shown, taken, token.probability, token.ends))
        self.ended = token.ends

    def lacks(self, count: int) -> bool:
        """Whether it is to go on for so many tokens."""
        return not self.ended and len(self.tokens) < count


def go_on(query: ContinueQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Write token by token, each reply with all there is of both texts."""
    count, edits = query.choice.tokens, cache.possible(request.document)
    texts = [_writing(query.choice, (), request, cache)]
    if edits:
        texts.append(_writing(query.choice, edits, request, cache))

    def reply(over: bool) -> ContinueReply:
        written = [tuple(text.tokens[:count]) for text in texts]
        full = any(text.ended and len(text.tokens) < count and not _ends(text) for text in texts)
        after = written[1] if edits else None
        return ContinueReply(request.number, query, written[0], after, len(edits), over, over and full)

    while any(text.lacks(count) for text in texts) and not query.interrupt.is_set():
        for text in texts:
            if cancelled():
                raise Cancelled
            if text.lacks(count):
                text.write()
        least = min(len(text.tokens) if not text.ended else count for text in texts)
        send(ProgressReply(request.number, "Going on with the text", least / count))
        send(reply(False))
    send(reply(True))


def _ends(text: Writing) -> bool:
    return bool(text.tokens) and text.tokens[-1].ends


def _writing(choice: Choice, edits: tuple[Edit, ...], request: Request, cache: SessionCache) -> Writing:
    """The text as it was left, or a new one. The inputs, and the rows that means are over, are those of the cache."""
    if "texts" not in cache.heavy:
        cache.heavy["texts"] = Recent(KEPT)
    texts: Recent = cache.heavy["texts"]
    key: Hashable = (choice.temperature, choice.seed, edits)
    if key not in texts:
        texts[key] = Writing(cache.session, edits, choice)
    writing: Writing = texts[key]
    return writing


HANDLERS: Handlers = {
    ContinueQuery: Handler(go_on, turn="last"),
}
