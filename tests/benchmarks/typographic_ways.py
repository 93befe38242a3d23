"""What is done against a printed word: each way is given the same pairs of pictures and chooses its settings on them.

- The repair cuts edges, whole or along directions that it learns (`core.repair`).
- Heads by their attention to the text (Hufe et al. 2025, "Towards Mechanistic Defenses Against Typographic Attacks in
  CLIP", Dyslexify): ranked by how much of the class token's attention goes to patches of the word, ablated there one
  after another.
- Masking: a plain text detector after Wu, Manmatha and Riseman (1999, "TextFinder"): text is where many strong strokes
  are close together. What it finds is filled with the ground around it.
- A defence prefix (Azuma and Matsui 2023, "Defense-Prefix for Preventing Typographic Attacks on CLIP"): one learned
  token before the class in each class text; nothing else changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from core.edited.apply import apply
from core.edits import Edit, EditKind
from core.errors import InputError
from core.models.zero_shot import ZeroShot, as_zero_shot
from core.repair.examples import Batch
from core.repair.proof import with_module
from core.repair.repair import repair
from core.repair.rivals import heads, nothing, pictures, random_edges
from core.repair.rivals.rival import Best, Job, Treated
from core.session import Session
from tests.benchmarks.typographic_pictures import Pairs, model_of, text_patches

NOTHING, DIRECTIONS, HEADS = "nothing", "circuit: directions on edges", "heads by attention to text"
MOST_HEADS = 12
CONTRASTS, DENSITIES, WINDOWS = (0.25, 0.4, 0.6), (0.15, 0.2, 0.25, 0.3, 0.4), ((7, 13), (9, 17))
AROUND = 2  # pixels around what is found, whose median fills it
PREFIX_STEPS, PREFIX_RATE, PREFIX_KEEPS = 300, 0.02, 2.0


@dataclass(frozen=True)
class Way:
    """treat: given the pairs, and the number of edges that the circuit has."""

    name: str
    treat: Callable[[Pairs, Job], Treated]


def ways() -> Iterator[Way]:
    """In the order of the table."""
    yield Way(NOTHING, lambda pairs, job: nothing.RIVAL.treat(job))
    yield Way(DIRECTIONS, partial(_repaired, kind="project"))
    yield Way("circuit: edges, mean", partial(_repaired, kind="mean"))
    yield Way("circuit: edges, zero", partial(_repaired, kind="zero"))
    yield Way("as many random edges", lambda pairs, job: random_edges.random_edges(job))
    yield Way(HEADS, _heads)
    yield Way("heads by difference", lambda pairs, job: heads.heads(job))
    yield Way("blur", lambda pairs, job: pictures.blurring(job))
    yield Way("mask what a text detector finds", lambda pairs, job: mask(job))
    yield Way("defence prefix", lambda pairs, job: prefix(job))


def _repaired(pairs: Pairs, job: Job, kind: EditKind) -> Treated:
    """The model as it is where no cut helps."""
    try:
        outcome = repair(
            job.model, *pairs.examples, kind=kind, held_out=0.0, budget=job.budget, augment=False, seed=job.seed
        )
    except InputError as error:
        return Treated(job.model, setting=str(error).splitlines()[0])
    return Treated(outcome.repaired, cut=outcome.cut, setting=", ".join(edit.name for edit in outcome.edits[:4]))


# ---- heads ----


def attention_to_text(pairs: Pairs, job: Job) -> dict[str, float]:
    """Of each head: the share of the class token's attention that goes to patches of the word, mean over the pairs."""
    shape = job.model.adapter.shape
    result = Session(job.model, pairs.real.attacked.pair).run([], positions="all")
    side = job.clean.pair.clean.tensor.shape[-1]
    grid = round((pairs.real.attacked.pair.length - 1) ** 0.5)
    text = torch.tensor(np.stack([text_patches(scene, side // grid) for scene in pairs.real.scenes]))
    shares = {}
    for layer in range(shape.layers):
        for head in range(shape.heads):
            pattern = result.state.pattern(job.model.adapter, layer, head)[:, 0, 1:]
            shares[f"a{layer}.h{head}"] = float((pattern * text).sum(dim=1).mean())
    return shares


def _heads(pairs: Pairs, job: Job) -> Treated:
    shares = attention_to_text(pairs, job)
    ranked = sorted(shares, key=lambda name: -shares[name])
    session = Session(job.model, job.clean.pair, dataset=job.clean.dataset)
    best = Best(job, Treated(job.model, setting="none"))
    for count in range(1, min(MOST_HEADS, len(ranked)) + 1):
        edits = [Edit(name, "mean", positions=[0]) for name in ranked[:count]]
        model = with_module(job.model, apply(job.model, edits, session).module)
        cut = sum(edge.writer.name in ranked[:count] for edge in job.model.graph.edges)
        best.offer(Treated(model, cut=cut, setting=", ".join(ranked[:count])))
    return best.treated


# ---- masking ----


def text_boxes(
    pixels: NDArray[np.float32], contrast: float, density: float, window: tuple[int, int]
) -> list[tuple[slice, slice]]:
    """Where a picture [channel, height, width] seems to have text: rows and columns. contrast: between neighbours, of
    the range from black to white; density: share of a window (height, width) that strong strokes take."""
    grey = pixels.mean(axis=0)
    strokes = np.zeros_like(grey)
    strokes[:, 1:] = np.abs(np.diff(grey, axis=1)) > 2 * contrast
    dense = ndimage.uniform_filter(strokes, size=window, mode="constant") > density
    labels, _ = ndimage.label(dense)
    boxes = []
    for rows, columns in ndimage.find_objects(labels):
        inside = np.zeros(grey.shape, dtype=bool)
        inside[_wider(rows, window[0] // 2), _wider(columns, window[1] // 2)] = True
        ys, xs = np.nonzero((strokes > 0) & inside)
        if len(ys):
            boxes.append((slice(ys.min(), ys.max() + 1), slice(max(0, xs.min() - 1), xs.max() + 1)))
    return boxes


def _wider(some: slice, by: int) -> slice:
    return slice(max(0, some.start - by), some.stop + by)


def masked(batch: Batch, contrast: float, density: float, window: tuple[int, int]) -> Batch:
    """The pictures with the boxes filled with the median of what is around each."""
    pixels = batch.pair.clean.tensor.clone()
    for row in pixels:
        for box in text_boxes(row.numpy(), contrast, density, window):
            near = tuple(_wider(some, AROUND) for some in box)
            around = torch.ones(row.shape[1:], dtype=torch.bool)
            around[box] = False
            ring = row[:, near[0], near[1]][:, around[near]]
            fill = ring.median(dim=1).values if ring.shape[1] else row.flatten(1).median(dim=1).values
            row[:, box[0], box[1]] = fill[:, None, None]
    return batch.with_inputs(pixels)


def mask(job: Job) -> Treated:
    best = Best(job, Treated(job.model, setting="not at all"))
    for window in WINDOWS:
        for contrast in CONTRASTS:
            for density in DENSITIES:
                change = partial(masked, contrast=contrast, density=density, window=window)
                words = f"strokes of contrast {contrast:g} in {density:g} of {window[1]} x {window[0]} pixels"
                best.offer(Treated(job.model, change, setting=words))
    return best.treated


# ---- defence prefix ----


def prefix(job: Job, steps: int = PREFIX_STEPS) -> Treated:
    """Cross-entropy on attacked pictures, and KL from the answers to clean ones as they were."""
    module = as_zero_shot(job.model.adapter.module)
    with torch.no_grad():
        attacked, clean = (
            F.normalize(module.embed_pictures(batch.pair.clean.tensor), dim=-1) for batch in (job.triggered, job.clean)
        )
        before = module.scores(clean).log_softmax(dim=-1)
    scale = module.logit_scale.detach().exp()
    tokens = module.text_model.embeddings.token_embedding
    learned = tokens.weight.detach().mean(dim=0).clone().requires_grad_()
    adam = torch.optim.Adam([learned], lr=PREFIX_RATE)
    for _ in range(steps):
        vectors = prefixed_vectors(module, job, learned)
        lack = F.cross_entropy(scale * attacked @ vectors.T, job.triggered.targets)
        after = (scale * clean @ vectors.T).log_softmax(dim=-1)
        loss = lack + PREFIX_KEEPS * (before.exp() * (before - after)).sum(dim=-1).mean()
        adam.zero_grad()
        learned.grad = torch.autograd.grad(loss, learned)[0]
        adam.step()
    with torch.no_grad():
        vectors = prefixed_vectors(module, job, learned)
    return Treated(with_module(job.model, type(module)(module, vectors, module.texts)), setting="one token")


def prefixed_vectors(module: ZeroShot, job: Job, learned: Tensor) -> Tensor:
    """The class texts with a token of this embedding before each class, [class, space], each of length 1."""
    texts, tokenizer = module.texts, job.model.tokenizer
    assert texts is not None
    assert tokenizer is not None
    place_holder = tokenizer.unk_token_id
    rows = []
    for template in texts.templates:
        begin = tokenizer(template.split("{}")[0])["input_ids"][:-1]  # without the end
        for name in texts.classes:
            whole = tokenizer(template.replace("{}", name))["input_ids"]
            rows.append([*begin, place_holder, *whole[len(begin) :]])
    ids = torch.tensor(rows)

    def put(_: object, __: object, embedded: Tensor) -> Tensor:
        return torch.where((ids == place_holder)[:, :, None], learned, embedded)

    hook = module.text_model.embeddings.token_embedding.register_forward_hook(put)
    try:
        every = F.normalize(module.embed_sentences(ids), dim=-1)
    finally:
        hook.remove()
    mean = every.reshape(len(texts.templates), len(texts.classes), -1).mean(dim=0)
    return F.normalize(mean, dim=-1)


def job_of(pairs: Pairs, model_name: str, seed: int, budget: float) -> Job:
    return Job(model_of(model_name), pairs.attacked, pairs.clean, seed=seed, budget=budget)


def with_parts(job: Job, parts: int) -> Job:
    return replace(job, parts=max(1, parts))
