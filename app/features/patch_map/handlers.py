"""Makes maps over a picture's patches, and reads masks. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.features.patch_map.queries import MapQuery, MapReply
from app.messages.request import Cancel, Request, Send
from app.worker.handler_table import Handler, Handlers
from app.worker.session_cache import SessionCache
from core.errors import InputError, WirescopeError
from core.inputs.image_region import mask_of_file, picture_size
from core.lens.patch_maps import patch_maps
from core.progress import watched
from core.project.document import Document


def handle_map(query: MapQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Raises WirescopeError as `patch_maps` does, Cancelled. What is wrong with a mask is told with the map."""

    def find() -> MapReply:
        with watched(None, cancelled):
            maps = patch_maps(
                cache.session,
                query.answer or None,
                reference=None if query.reference < 0 else query.reference,
                edits=cache.possible(request.document),
            )
        reply = MapReply(0, query, maps.stages, maps.values, maps.unit, maps.of, maps.warning, maps.to_csv())
        if not query.mask:
            return reply
        try:
            mask = _mask(query.mask, request.document, cache)
            overlap = maps.overlap(mask)
        except WirescopeError as error:
            return replace(reply, problem=f"{error.message} {error.hint}".strip())
        return replace(reply, mask=mask, iou=overlap.iou, best=overlap.best, all_of_it=overlap.all_of_it)

    send(replace(cache.answer(query, request, find), number=request.number))


def _mask(path: str, document: Document, cache: SessionCache) -> NDArray[np.bool_]:
    """[height, width] of what the model sees. Raises InputError."""
    processing, source = cache.session.model.processing, document.clean
    if processing is None or source is None:
        raise InputError("This model has no image processor, so a mask cannot be read for it.", "Open another model.")
    height, width = cache.session.pair.clean.tensor.shape[-2:]
    held = mask_of_file(path, processing, (height, width), picture_size(source.data or source.path))
    mask: NDArray[np.bool_] = held.numpy()
    return mask


HANDLERS: Handlers = {MapQuery: Handler(handle_map)}
