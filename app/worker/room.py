"""Whether work fits into the memory that is free, by the sizes of the model alone, before it begins. Imports torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from app.messages.request import Request
from app.messages.room import RoomReply, Work
from app.worker.session_cache import SessionCache
from app.worker.session_scores import ScoresKey
from app.worker.towers import engines_of
from core.engine.state import megabytes
from core.errors import WirescopeError
from core.free_memory import free_bytes
from core.models import packs, spread
from core.models.adapter import InputKind
from core.models.checkpoint import StoredWeight, stored_weights
from core.models.class_texts import BOTH, base_name
from core.models.spread import devices_of
from core.models.stays_on_disk import cached_folder_of_hub, input_kind, stays_on_disk
from core.models.streamed import is_streamed
from core.models.weights_place import bytes_in_memory, bytes_on_the_way, bytes_to_open, fits
from core.planning.memory import joined_bytes, packed, scan_bytes, trace_bytes, unedited_bytes, weight_bytes
from core.planning.sketch import sketch
from core.precision import PRECISIONS
from core.precision_words import computed_in, is_rounded
from core.project.document import Document
from core.session import Session
from core.tracing.method import METHODS, Method
from core.tracing.over_pairs import usual_positions
from core.tracing.told_options import Options

BF16 = "bf16"


def short_of_room_to_open(request: Request, device: str = "cpu") -> RoomReply | None:
    """None where the weights fit, or nobody is to be asked; also where they are not here yet to be counted. device:
    that the model is to compute on."""
    document = request.document
    if "model" not in request.asks or request.weights != "auto":
        return None
    if computed_in(document.precision) not in PRECISIONS:  # it is refused as it opens
        return None
    try:
        folder = _folder(document.model)
        stored = {} if folder is None else stored_weights(folder)
    except (WirescopeError, OSError):  # it is said where the model is opened
        return None
    if folder is None:
        return None
    if is_rounded(document.precision):
        return _short_in_8_bits(request, folder)
    try:
        devices = devices_of(device, document.precision)
    except WirescopeError:
        return None
    if devices[0].type != "cpu":
        return _short_on_gpus(request, folder, stored, devices)
    plain, kind, free = stays_on_disk(folder), _kind(document, folder), free_bytes()
    needed, half = (
        bytes_to_open(stored, precision, kind) if plain else bytes_in_memory(stored, precision)
        for precision in (PRECISIONS[document.precision], torch.bfloat16)
    )
    if fits(needed, free):
        return None
    rounded = _rounded_bytes(document.model, folder, document.precision) if plain else None
    fits_rounded = rounded is not None and fits(rounded, free)
    return RoomReply(request.number, "model", needed, free, plain, fits_rounded, half < needed)


def _short_in_8_bits(request: Request, folder: Path) -> RoomReply | None:
    """Of weights that are asked for in 8 bits, which are made in the machine's memory."""
    computed, free = computed_in(request.document.precision), free_bytes()
    needed = _rounded_bytes(request.document.model, folder, computed)
    if needed is None or fits(needed, free):
        return None
    return RoomReply(request.number, "model", needed, free, bf16=computed != BF16)


def _short_on_gpus(
    request: Request, folder: Path, stored: Mapping[str, StoredWeight], devices: Sequence[torch.device]
) -> RoomReply | None:
    """Of weights that go to a GPU, or over several devices: from their file, or from the machine's memory."""
    precision, free = PRECISIONS[request.document.precision], free_bytes()
    needed = bytes_in_memory(stored, precision)
    if stays_on_disk(folder):
        needed = bytes_on_the_way(stored, precision, _kind(request.document, folder))
    there = sum(each.numbers for each in stored.values()) * precision.itemsize
    if not fits(needed, free):
        return RoomReply(request.number, "model", needed, free)
    on_all = sum(map(spread.free_on, devices))
    if fits(there, on_all):
        return None
    return RoomReply(request.number, "model", there, on_all, bf16=precision != torch.bfloat16)


def _kind(document: Document, folder: Path) -> InputKind:
    """What a document's model reads."""
    return input_kind(folder, base_name(document.model).partition(":")[0])


def _rounded_bytes(name: str, folder: Path, precision: str) -> int | None:
    """Of a model with its layers' weights in 8 bits; None where they cannot be, or it is not known."""
    if name.startswith(BOTH):
        return None
    try:
        adapter = sketch(str(folder), precision, eight_bits=True).adapter
    except WirescopeError:
        return None
    return weight_bytes(adapter) + joined_bytes(adapter)


def _folder(name: str) -> Path | None:
    """Where a model's weights lie; None where they are not on this machine."""
    kind, _, rest = base_name(name).partition(":")
    if kind == "pack":
        return packs.installed(rest)
    if kind in ("bundled", "timm"):  # these go into memory, and the Hub's library takes a while to import
        return None
    known = rest if kind in ("vision", "text", "towers") else base_name(name)
    path = Path(known).expanduser()
    return path if path.is_dir() else cached_folder_of_hub(known)


def short_of_room(request: Request, cache: SessionCache) -> RoomReply | None:
    """Of the trace or the scan that a request asks for: what it takes beside what the session holds already."""
    works: list[tuple[Work, int]] = []
    if request.recover and "trace" in request.asks:
        works.append(("trace", _of_trace(request, cache)))
    if "scan" in request.asks and any(query.scans for query in request.queries):
        works.append(("scan", _of_scan(cache.session, cache.asked_key(request.document))))
    free = spread.free_on(cache.session.model.adapter.device) if works else 0
    bf16 = computed_in(request.document.precision) != BF16
    replies = (RoomReply(request.number, work, needed, free, bf16=bf16) for work, needed in works if needed > free)
    return next(replies, None)


def _of_trace(request: Request, cache: SessionCache) -> int:
    session, key = cache.session, cache.asked_key(request.document)
    method = METHODS.get(key.choice.method)
    if method is None or key.choice.file or key in cache.scores:
        return 0
    if not method.slopes:
        return _of_scan(session, key)
    told = Options(**dict(key.choice.options)).of(method.takes)
    return sum(_of_gradients(each, method, told, len(key.rows)) for each in engines_of(session))


def _of_gradients(session: Session, method: Method, told: Any, rows: int) -> int:
    """Of a trace by gradients. told: the method's options. rows: of the dataset, whose batches have runs of their own;
    0 where it is of the session's pair."""
    adapter, length, reads = session.model.adapter, session.pair.length, _reads(session)
    pairs, held = session.pair.batch, method.held(told)
    if rows:
        positions = usual_positions(session, method.forwards(session.graph.n_edges, told), held)
        pairs = max(1, min(rows, positions // length))
    again = method.makes_clean and not rows
    needed = trace_bytes(adapter, pairs, length, _rows(session), reads, held, again)
    runs = 0 if rows else unedited_bytes(adapter, pairs * length, pairs * reads, pairs)
    return max(0, needed - _held(session, runs))


def _of_scan(session: Session, key: ScoresKey) -> int:
    return sum(_of_edits(each, bool(key.rows)) for each in engines_of(session))


def _of_edits(session: Session, over_rows: bool) -> int:
    """Of a scan. over_rows: of the dataset, whose sessions have runs of their own."""
    adapter, length, reads, memory = session.model.adapter, session.pair.length, _reads(session), session.memory
    needed = scan_bytes(adapter, length, _rows(session), reads, memory)
    _, of_packed = packed(adapter, length, reads, memory)
    runs = 0 if over_rows else unedited_bytes(adapter, length, reads)
    return max(0, needed - _held(session, runs, of_packed))


def _held(session: Session, runs: int, of_packed: int = 0) -> int:
    """What a session that is open holds already of what its work is reckoned to take: the projections that are put
    together, and of the runs over A and B and of packed weights, of which the work counts so many bytes, as much as
    is there."""
    adapter = session.model.adapter
    joined = 0 if is_streamed(adapter) else joined_bytes(adapter)
    made = 0.0 if session.parts else megabytes(session.engine.unedited.states) * 2**20
    return joined + min(int(made), runs) + min(adapter.products.bytes, of_packed)


def _rows(session: Session) -> int:
    """Of the positions, those that differ between A and B, about."""
    return session.pair.length if session.parts else session.engine.length - session.engine.first_patched_row


def _reads(session: Session) -> int:
    return 1 if session.model.is_text else session.pair.length
