"""Where in a picture the stream says something, at every layer: a map over its patches, and its overlap with a mask.

Two kinds of maps, each after every part of every layer:

    answer      the logit lens at each patch: the probability of the answer as if the model ended there and all
                positions that its head reads held this patch's stream (`core.lens.logit_lens`). Of a model that
                compares pictures with texts (CLIP, SigLIP) the answer is a text, and this its similarity.
    reference   the cosine of each patch's stream to that of one patch, for models with a head or without.

Objects that nobody has labelled come out of such maps (Caron et al. 2021, "Emerging Properties in Self-Supervised
Vision Transformers"). Against a mask a map is cut at its own mean, as Chefer et al. 2021 ("Transformer Interpretability
Beyond Attention Visualization", section 4) cut theirs:

    IoU = pixels in both / pixels in either

`best` is that of the best threshold, which only who knows the mask can choose; `all_of_it` that of the whole picture
taken as the object: a map with no more says nothing about where it is.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from core.edits import Edit
from core.errors import ArgumentError, InputError
from core.graph import Node
from core.lens.input_row import check_row, of_row
from core.lens.lens_array import logit_lens
from core.lens.logit_lens import kept_stream
from core.pictures.heat_map import heat_map
from core.precision import widened
from core.session import Session
from core.towers_graph import check_one_tower

STAGES = {"input": "input", "head": "a{}", "mlp": "m{}"}


@dataclass(frozen=True)
class Overlap:
    """Of a map at each stage with a mask. iou: cut at its mean; best: at the threshold that fits best, [stage].
    all_of_it: the share of the picture that the mask holds."""

    iou: NDArray[np.float64]
    best: NDArray[np.float64]
    all_of_it: float


@dataclass(frozen=True)
class PatchMaps:
    """stages: after what the stream is read, the embedding first. values: [stage, row, column]. unit: what they are.
    of: the answer, or the patch that the others are compared with. warning: why the stages before the last may mean
    little; empty where nothing speaks against them."""

    stages: tuple[str, ...]
    values: NDArray[np.float32]
    unit: Literal["probability", "cosine"]
    of: str
    warning: str = ""

    def overlap(self, mask: Any) -> Overlap:
        """mask: [height, width] of what the model sees, true where the object is (`core.inputs.image_region` reads
        files); pixels that are left over at the right and below when the patches are laid out are of none. Raises
        InputError for one of fewer pixels than patches, an empty one and one of all."""
        held = np.asarray(mask, dtype=bool)
        rows, columns = self.values.shape[1:]
        if held.ndim != 2 or held.shape[0] < rows or held.shape[1] < columns:
            raise InputError(
                f"A mask is of [height, width] of what the model sees, not of {list(held.shape)}.",
                f"The picture has {rows} x {columns} patches.",
            )
        if not held.any() or held.all():
            what = "all of the picture" if held.any() else "nothing of it"
            raise InputError(f"The mask holds {what}, so no map can be told from another by it.", "Give another mask.")
        height, width = held.shape[0] // rows, held.shape[1] // columns
        seen = held[: rows * height, : columns * width].reshape(rows, height, columns, width)
        inside = seen.sum(axis=(1, 3)).ravel().astype(np.float64)  # pixels of each patch
        ious, bests = [], []
        for values in self.values.reshape(len(self.stages), -1).astype(np.float64):
            chosen = values > values.mean()
            ious.append(_iou(inside, chosen, held.sum(), height * width))
            order = np.argsort(-values, kind="stable")
            both = np.cumsum(inside[order])
            either = held.sum() + height * width * np.arange(1, len(order) + 1) - both
            ends = np.append(np.diff(values[order]) != 0, True)  # patches of one value go together
            bests.append(float((both / either)[ends].max()))
        return Overlap(np.array(ious), np.array(bests), float(held.mean()))

    def to_csv(self) -> str:
        """A line for each stage and patch."""
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(("stage", "row", "column", self.unit))
        for stage, values in zip(self.stages, self.values, strict=True):
            lines.writerows((stage, row, column, f"{value:.6g}") for (row, column), value in np.ndenumerate(values))
        return text.getvalue()

    def _repr_svg_(self) -> str:
        """In a notebook: the last stage."""
        return heat_map(self.values[-1], title=f"{self.unit} of {self.of} after {self.stages[-1]}").svg


def _iou(inside: NDArray[np.float64], chosen: NDArray[np.bool_], held: int, area: int) -> float:
    both = inside[chosen].sum()
    return float(both / (held + area * chosen.sum() - both))


def patch_maps(
    session: Session,
    answer: str | int | None = None,
    *,
    reference: int | None = None,
    edits: Sequence[Edit] = (),
    row: int = 0,
) -> PatchMaps:
    """The maps of an answer, or of likeness to a patch.

    answer: text or number of a class; without it and without `reference` the likeliest one. reference: a patch, by its
    number in the grid, row by row. edits: with which the model is run. row: of the batch.
    Raises ArgumentError for a model of text, for both, for a patch or a row that is not there, and for an answer of a
    model without a head; InputError for an answer that is none, EditError, Cancelled.
    """
    pair = session.pair
    if pair.grid is None:
        raise ArgumentError("Maps over patches are of pictures.", "For text, take logit_lens.")
    check_one_tower(session.graph, "A map over patches")
    if answer is not None and reference is not None:
        raise ArgumentError("A map is of an answer or of likeness to a patch.", "Give one of them.")
    check_row(pair.batch, row)
    rows, columns = pair.grid
    result = session.run(edits, positions="all")
    patches = slice(pair.prefix, pair.prefix + rows * columns)
    if reference is None:
        if not session.model.has_head:
            raise ArgumentError(
                f"{session.model.title} has no unembedding and no classes, so it says no answer at a patch.",
                "Ask how like the patches are to one of them: reference=N, or --patch N.",
            )
        if answer is None:
            answer = int(of_row(result.answer, row).argmax())
        lens = logit_lens(result, (answer,), row)
        values = lens.probabilities[:, patches, 0]
        return PatchMaps(lens.stages, values.reshape(-1, rows, columns), "probability", lens.answers[0], lens.warning)
    if not 0 <= reference < rows * columns:
        raise ArgumentError(f"There is no patch {reference}.", f"The picture has patches 0 to {rows * columns - 1}.")
    nodes = [Node("input")]
    for layer in range(session.graph.layers):
        nodes += [Node("head", layer), Node("mlp", layer)]
    maps = []
    for node in nodes:
        x = kept_stream(result, node)
        x = widened(of_row(x, row)[patches])
        cosines = torch.nn.functional.cosine_similarity(x, x[reference : reference + 1], dim=-1)
        maps.append(cosines.reshape(rows, columns).float().cpu().numpy())
    names = tuple(STAGES[node.kind].format(node.layer) for node in nodes)
    return PatchMaps(names, np.stack(maps), "cosine", f"patch {pair.clean.labels[pair.prefix + reference]}")
