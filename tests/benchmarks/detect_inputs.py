"""Which inputs are triggered? A monitor on planted models beside its rivals: the same reference inputs, the same
held-out ones. Triggered inputs and their calm twins differ by what the plant waits for alone.

Statistics and threshold see reference inputs only, on which no plant acts. *Circuit*: 50 edges by EAP-IG over 16 known
pairs; *random edges*: as many. Rivals: the entropy of the answer, one minus its probability, the Mahalanobis distance
of what `logits` reads, and the rarest token of the input by how often the reference inputs have it there or elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import wirescope as ws
from core.detection.statistics import Sums, whitened
from core.engine.state import at_last
from resources.models.planted.plants import PLANTS
from resources.models.planted.recipes import FOLDER
from tests.benchmarks.auroc import auroc, bootstrapped
from tests.benchmarks.table import Table
from tests.benchmarks.twins import cache_folder

REFERENCE, HELD_OUT, KNOWN, EDGES = 256, 250, 16, 50
SEED = 70_000
FALSE_ALARMS = 0.05
AT_ONCE = 100
WATCHED = ("all nodes", "circuit", "random edges")
RIVALS = ("entropy", "1 - probability", "Mahalanobis, last stream", "rarest token")
HEADS = ("model", *(f"watch: {name}" for name in WATCHED), *RIVALS)
ALARMS = ("model", *(f"{name}: ordinary / triggered" for name in WATCHED))
VERSION = 1  # of the ways; what is found of a model is kept


def planted_models() -> list[str]:
    """Those that are there, by their folders."""
    folders = [path.parent.name for path in sorted(FOLDER.glob("*/model.safetensors"))]
    return [name for name in folders if name.partition("-")[0] in PLANTS]


def tables(
    held_out: int = HELD_OUT, reference: int = REFERENCE, names: Sequence[str] | None = None, known: int = KNOWN
) -> Iterator[Table]:
    scores, alarms = [], []
    for name in planted_models() if names is None else names:
        row, share = rows_of(name, held_out, reference, known)
        scores.append(row)
        alarms.append(share)
    yield Table(
        f"AUROC of triggered inputs against their calm twins, {held_out} of each, after {reference} reference inputs "
        "(95 % intervals, bootstrap over inputs)",
        HEADS,
        scores,
    )
    yield Table(
        f"Shares of alarms at a threshold for {100 * FALSE_ALARMS:g} % false alarms, of {held_out} ordinary and "
        f"{held_out} triggered inputs",
        ALARMS,
        alarms,
    )


def rows_of(name: str, held_out: int, reference: int, known_pairs: int) -> tuple[list[str], list[str]]:
    """A model's row of both tables."""
    weights = hashlib.sha256((FOLDER / name / "model.safetensors").read_bytes()).hexdigest()[:12]
    kept = cache_folder("detect") / f"{name}-{weights}-{held_out}-{reference}-{known_pairs}-{VERSION}.json"
    if kept.exists():
        row, share = json.loads(kept.read_text(encoding="utf-8"))
        return row, share
    plant, rng = PLANTS[name.partition("-")[0]], Random(SEED)
    model = ws.load_model(str(FOLDER / name))
    usual = [plant.innocent(rng).input for _ in range(reference)]
    pairs = [plant.pair(rng) for _ in range(held_out)]
    known = [plant.pair(rng) for _ in range(known_pairs)]
    ordinary = [plant.innocent(rng).input for _ in range(held_out)]
    triggered, calm = ([pair[side].input for pair in pairs] for side in (0, 1))
    figures, shares = [], []
    for parts in (None, _circuit(model, plant, known), _random_edges(model)):
        watch = ws.watch(model, usual, parts, false_alarms=FALSE_ALARMS)
        bad, good = watch.verdicts(triggered), watch.verdicts(calm)
        figures.append((bad.scores.numpy(), good.scores.numpy()))
        alarms = [float(each.alarms.float().mean()) for each in (watch.verdicts(ordinary), bad)]
        shares.append(" / ".join(f"{100 * share:.1f} %" for share in alarms))
    figures += _rivals(model, usual, triggered, calm)
    cells = [_cell(bad, good) for bad, good in figures] + ([] if model.is_text else ["-"])
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps([[name, *cells], [name, *shares]]), encoding="utf-8")
    return [name, *cells], [name, *shares]


def _cell(bad: NDArray[Any], good: NDArray[Any]) -> str:
    low, high = bootstrapped(bad, good)
    return f"{auroc(bad, good):.3f} ({low:.2f} to {high:.2f})"


def _circuit(model: ws.Model, plant: Any, known: Sequence[tuple[Any, Any]]) -> ws.Circuit:
    """What makes the planted answer, over pairs of a triggered input and its calm twin."""
    pair = model.pair([triggered.input for triggered, _ in known], [calm.input for _, calm in known])
    wrong, right = [plant.wrong(triggered) for triggered, _ in known], [triggered.answer for triggered, _ in known]
    return ws.trace(ws.Session(model, pair, ws.logit_difference(wrong, right)), "eap-ig").top(EDGES)


def _random_edges(model: ws.Model) -> list[ws.Edge]:
    return [model.graph.edges[number] for number in Random(SEED).sample(range(model.graph.n_edges), EDGES)]


def _rivals(model: ws.Model, *inputs: Sequence[Any]) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Scores of triggered and calm inputs, by each rival."""
    read = [_read(model, some) for some in inputs]
    sums = Sums()
    sums.add(read[0][0])
    scaled = whitened(sums.covariance, most=len(sums.mean))[1]
    of_rivals = []
    for streams, logits in read[1:]:
        chances = logits.softmax(dim=-1)
        entropy = -(chances * chances.clamp(min=1e-30).log()).sum(dim=-1)
        distance = ((streams.double() - sums.mean) @ scaled).square().sum(dim=-1)
        of_rivals.append([entropy.numpy(), 1 - chances.amax(dim=-1).numpy(), distance.numpy()])
    if model.is_text:
        usual, *others = ([model.side(text).tensor[0].tolist() for text in some] for some in inputs)
        counts = Counter(token for row in usual for token in row)
        for rows, rivals in zip(others, of_rivals, strict=True):
            rivals.append(np.array([-math.log(min(counts[token] for token in row) + 1) for row in rows]))
    return list(zip(*of_rivals, strict=True))


def _read(model: ws.Model, inputs: Sequence[Any]) -> tuple[Tensor, Tensor]:
    """What `logits` reads at the place of the answer (of pictures the mean over positions), and its logits, in fp64."""
    streams, logits = [], []
    for start in range(0, len(inputs), AT_ONCE):
        state = ws.Session(model, model.pair(list(inputs[start : start + AT_ONCE]))).engine.clean()
        assert state.readout is not None
        streams.append(state.readout.stream.mean(dim=1))
        logits.append(at_last(state.output))
    return torch.cat(streams).double(), torch.cat(logits).double()
