"""The console beside the live session. Code that is typed runs here, in the engine's thread, once: where the window
asks for something else meanwhile, its reply waits for the next request. Imports torch."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from app.features.console.handlers.interpreter import Interpreter, short
from app.features.console.queries import CompleteQuery, CompleteReply, ConsoleOutput, ConsoleQuery, ConsoleReply
from app.messages.request import Cancel, Request, Send
from app.worker.session_cache import SessionCache
from core.edits import Edit, Target, resolve
from core.errors import EditError
from core.graph import Edge, Entries, Node
from core.progress import unwatched

KEPT = 20  # replies that the window may not have heard yet
METRIC_IS_THE_WINDOWS = "The metric is the window's again: choose another one in the window.\n"
LIVE = ("ws", "session", "model", "scores", "circuit", "edits", "edit")


@dataclass
class Console:
    """Of one worker: its names, and the replies to what it has run."""

    interpreter: Interpreter = field(default_factory=Interpreter)
    replies: dict[int, ConsoleReply] = field(default_factory=dict)


_of_thread = threading.local()  # every window's engine has a thread of its own


def _console() -> Console:
    if not hasattr(_of_thread, "console"):
        _of_thread.console = Console()
    console: Console = _of_thread.console
    return console


def run_code(query: ConsoleQuery, request: Request, cache: SessionCache, send: Send, _cancelled: Cancel) -> None:
    """Run what was typed; what it left of `edits` goes back to the window."""
    console = _console()
    if query.serial not in console.replies:
        console.replies[query.serial] = _run(console, query, request, cache, send)
        for old in list(console.replies)[:-KEPT]:
            del console.replies[old]
    send(replace(console.replies[query.serial], number=request.number))


def complete_name(query: CompleteQuery, request: Request, cache: SessionCache, send: Send, _cancelled: Cancel) -> None:
    """Say what a name could go on as."""
    console = _console()
    _bind(console.interpreter.names, request, cache)
    send(CompleteReply(request.number, query, console.interpreter.complete(query.text)))
    _unbind(console.interpreter.names)


def _run(console: Console, query: ConsoleQuery, request: Request, cache: SessionCache, send: Send) -> ConsoleReply:
    names, session = console.interpreter.names, cache.session
    before = request.document.edits
    metric = session.metric, session.metric_by_default
    edits: tuple[Edit, ...] | None = None
    try:
        _bind(names, request, cache)
        try:
            text, error = console.interpreter.run(
                query.code, query.interrupt.is_set, lambda shown: send(ConsoleOutput(request.number, query, shown))
            )
        finally:
            other_metric = session.metric is not metric[0]
            session.metric, session.metric_by_default = metric
        if other_metric:
            text += METRIC_IS_THE_WINDOWS
        try:
            edits = _edits_left(names.get("edits"), before, cache)
        except Exception as wrong:  # whatever stands in `edits`: the code has run, and is not to run again
            error = "\n".join(filter(None, [error, f"The edits are as they were: {short(wrong)}"]))
    finally:
        _unbind(names)
    return ConsoleReply(request.number, query, text, error, before, edits)


def _bind(names: dict[str, Any], request: Request, cache: SessionCache) -> None:
    """The live names, as they are now; whatever was put in their place before."""
    import wirescope as ws  # all of it, which no first circuit needs

    document = request.document
    scores = cache.scores.get(cache.scores_key(document))
    edits = list(document.edits)
    names |= {
        "ws": ws,
        "session": cache.session,
        "model": cache.session.model,
        "scores": scores,
        "circuit": None if scores is None or document.size is None else scores.select(document.size),
        "edits": edits,
        "edit": partial(_add_edit, edits),
    }


def _unbind(names: dict[str, Any]) -> None:
    """Let go of what is live, also as the last value: a model that is left is to be freed."""
    live = [names.pop(name, None) for name in LIVE]
    if any(names.get("_") is each for each in live):
        names.pop("_", None)


def _add_edit(edits: list[Edit], target: Any, kind: Any = "zero", **more: Any) -> None:
    """Add an edit to those of the window: edit("m3"), edit("a1.h2", "scale", value=0.5)."""
    edits.append(Edit(target, kind, **more))


def _edits_left(left: Any, before: tuple[Edit, ...], cache: SessionCache) -> tuple[Edit, ...] | None:
    """What `edits` holds now, as documents have it; None where that is what it held before. Raises EditError."""
    if not isinstance(left, list | tuple) or not all(isinstance(each, Edit) for each in left):
        raise EditError("edits is no list of ws.Edit any more.", 'Write edits.append(ws.Edit("m3", "zero")).')
    if tuple(left) == before:
        return None
    edits = tuple(each if any(each is old for old in before) else _plain(each, cache) for each in left)
    with unwatched():
        cache.session.run(edits)  # what cannot be made is said here, and not shown as a step
    return edits


def _plain(edit: Edit, cache: SessionCache) -> Edit:
    """An edit of a node, an edge or weights of attention, at positions from the start. Raises EditError."""
    session = cache.session
    target: Any = session.graph.parse(edit.target) if isinstance(edit.target, str) else edit.target
    if not isinstance(target, Node | Edge | Entries) or (isinstance(target, Node) and target.kind == "logits"):
        raise EditError(f"The window edits nodes and edges, and {edit.name} is neither.", "Edit the edges into it.")
    chosen: Target | Entries = target
    resolution = resolve(edit, session.graph, session.engine.extent, session.model.adapter.shape.width)
    if isinstance(chosen, Entries) and resolution.keys is not None:
        chosen = replace(chosen, keys=resolution.keys[0])
    return replace(
        edit, target=chosen, positions=None if resolution.positions is None else tuple(resolution.positions[0])
    )
