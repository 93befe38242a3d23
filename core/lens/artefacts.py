"""Artefact patches: patches whose stream has an outlying norm.

Vision transformers that are large and long trained turn some patches of little information, such as of a background,
into registers of their own: the norm of their stream is several times that of the others, they hold what is global and
have lost what was local (Darcet et al. 2024, "Vision transformers need registers"). What an attribution or a map says
at such a patch is not about what is seen there.

The norm is that of the stream that the last layer's keys read, at every patch. A patch is marked where it is over
`OUTLYING` times the median of the picture's patches. (The paper cuts a histogram over many pictures of one model, at
about three times what most patches have; a share of the median needs one picture, and no model's own number.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.lens.activations import Activations
from core.lens.input_row import check_row
from core.precision import widened
from core.result import Result, keeps_no
from core.session import Session

OUTLYING = 2.0  # times the median


def patch_norms(session: Session, result: Result | None = None) -> NDArray[np.float64]:
    """The norms of the patches' streams where the last layer's keys read them: [batch, patch], in the stream's units.
    result: of a run with edits; by default the unedited one. Raises InputError where A is no picture,
    ArgumentError for a result that keeps no activations."""
    pair, last = session.pair, session.graph.layers - 1
    if pair.grid is None:
        raise InputError("Artefact patches are of pictures.", "Open a vision model.")
    state = (session.clean if result is None else result).state
    if not state.q:
        raise keeps_no("activations")
    keys = next(reader for reader in session.graph.readers if reader.kind == "k" and reader.layer == last)
    stream = Activations(session, state)[f"->{keys.name}"]  # at all positions, whichever the output reads
    norms: NDArray[np.float64] = widened(stream[:, pair.prefix :]).norm(dim=-1).cpu().double().numpy()
    return norms


def artefact_patches(session: Session, result: Result | None = None, row: int = 0) -> tuple[int, ...]:
    """Numbers of the patches of outlying norm, of one row of the batch; most pictures of small models have none. Raises
    InputError where A is no picture, ArgumentError for a row that is not there."""
    check_row(session.pair.batch, row)
    norms = patch_norms(session, result)[row]
    return tuple(np.flatnonzero(norms > OUTLYING * np.median(norms)).tolist())
