"""Fitting a probe: classes for a model without a head, from labelled pictures.

1. Each picture is read and prepared as the model's own processor does it; what cannot be read is counted and left out,
   and so are copies of a file that was there before.
2. The model runs once for each, without edits; a probe reads what `core.models.probed` states.
3. `linear`: logistic regression with an L2 penalty (scikit-learn's, C = 1) on features brought to mean 0 and deviation
   1; both are then put into one weight and bias. `means`: the nearest class mean (Mensink et al. 2013, "Distance-Based
   Image Classification"); logits are -|x - mean|^2 / (2 v), without the part that all classes share, v being the mean
   squared distance of a picture to the mean of its class. Its order of classes is meant; its shares are not calibrated.
4. How often it is right is counted on pictures that it was not fitted on: stratified folds, at most five, each answered
   by a probe of the others (scaling too). Its interval is Wilson's. The probe that is kept is fitted on all pictures.
"""

from __future__ import annotations

import hashlib
import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.errors import ArgumentError, InputError
from core.models.family import adapt
from core.models.fingerprint import weights_hash, weights_sketch
from core.models.model import Model
from core.models.probe import Kind, Probe, ProbeReport, Reads, save_probe
from core.models.probed import check_options, check_reads, encoder_of, features, with_probe
from core.models.rounded import of_whole
from core.precision import precision_name, widened
from core.probing.labelled import Labelled, labelled
from core.progress import at, stage, while_asking

FOLDS = 5
AT_ONCE = 16  # pictures in one run
MOST_BROKEN = 20  # of unreadable pictures, that are named
ENCODING = 0.9  # of the time
ITERATIONS = 5000
Numbers = NDArray[np.float64]
Fit = Callable[[Numbers, NDArray[np.int64]], tuple[Numbers, Numbers]]


@dataclass(frozen=True)
class FittedProbe:
    """model: with the classes of the probe; it shares the weights of the model that was given. report: how often it
    is right on pictures that it was not fitted on."""

    model: Model
    probe: Probe

    @property
    def report(self) -> ProbeReport:
        return self.probe.report

    def save(self, path: str | Path) -> None:
        """As a file that `load_model(name, probe=path)` takes. Raises WirescopeError."""
        save_probe(path, self.probe)


def fit_probe(
    model: Model,
    folder: str | Path | Sequence[str | Path],
    kind: Kind = "linear",
    *,
    reads: Reads = "output",
    seed: int = 0,
) -> FittedProbe:
    """Give a model without a head the classes of labelled folders.

    folder: one with a folder for each class, or a list of folders, one a class. kind: `linear`, or `means`, the nearest
    class mean. reads: `output`, what the model itself gives for a picture, or, of DINOv2, `class+mean`, its class token
    beside the mean of the patches. seed: of the folds. Raises ArgumentError for a model that takes no probe, InputError
    for folders without pictures of two classes that can be read.
    """
    encoder = encoder_of(model)
    check_options(kind, reads)
    check_reads(adapt(encoder), reads)
    if model.processing is None:
        raise ArgumentError(
            f"{model.title} has no image processor, so it cannot read pictures from files.",
            "Give it: ws.load_model((module, processor)).",
        )
    given = labelled(folder)
    with stage(0.0, ENCODING):
        read = _read(model, encoder, given, reads)
    classes, x, y = _present(given.classes, read)
    read.absent = tuple(sorted({*given.empty, *given.classes} - set(classes)))
    with stage(ENCODING, 1.0):
        weight, bias, report = while_asking(lambda: _fitted(kind, x, y, len(classes), seed, read))
    name, precision = model.title, precision_name(model.adapter.dtype)
    numbers = weight.astype(np.float32), bias.astype(np.float32)
    whole = encoder if model.unrounded is None else encoder_of(replace(model, adapter=model.unrounded))
    hashed, sketch = weights_hash(whole), weights_sketch(whole)
    probe = Probe(kind, reads, classes, *numbers, report, name, hashed, precision, sketch)
    return FittedProbe(of_whole(model, lambda given: with_probe(given, probe)), probe)


@dataclass
class _Read:
    """What was read: features [picture, feature] and the number of the class of each."""

    features: list[Numbers]
    labels: list[int]
    broken: list[tuple[str, str]]
    broken_count: int = 0
    copies: int = 0
    contradictions: int = 0
    absent: tuple[str, ...] = ()

    def fail(self, path: Path, why: str) -> None:
        self.broken_count += 1
        if len(self.broken) < MOST_BROKEN:
            self.broken.append((path.name, why))


def _read(model: Model, encoder: Any, given: Labelled, reads: Reads) -> _Read:
    """Steps 1 and 2."""
    read = _Read([], [], [])
    waiting: dict[tuple[int, ...], list[tuple[torch.Tensor, int]]] = defaultdict(list)  # by the size of their pixels

    def run(rows: list[tuple[torch.Tensor, int]]) -> None:
        with torch.no_grad():
            vectors = widened(features(encoder, torch.cat([pixels for pixels, _ in rows]), reads))
        if not bool(torch.isfinite(vectors).all()):
            raise InputError(f"{model.title} gives numbers that are not finite for a picture.", "Open it in fp32.")
        read.features += list(vectors.cpu().double().numpy())
        read.labels += [label for _, label in rows]
        rows.clear()

    once = _without_copies(given, read)
    for number, (path, label) in enumerate(once):
        at(number / len(once))
        try:
            pixels = model.side(path).tensor
        except InputError as error:
            read.fail(path, error.message)
            continue
        rows = waiting[tuple(pixels.shape)]
        rows.append((pixels, label))
        if len(rows) == AT_ONCE:
            run(rows)
    for rows in waiting.values():
        if rows:
            run(rows)
    return read


def _without_copies(given: Labelled, read: _Read) -> list[tuple[Path, int]]:
    """Each file's bytes once; none of those that lie in two classes. A copy on both sides of a fold would be
    remembered, not recognised."""
    by_content: dict[bytes, list[tuple[Path, int]]] = defaultdict(list)
    for path, label in given.pictures:
        at()
        try:
            with path.open("rb") as file:
                by_content[hashlib.file_digest(file, "sha256").digest()].append((path, label))
        except OSError as error:
            read.fail(path, error.strerror or "it is refused")
    once = []
    for same in by_content.values():
        if len({label for _, label in same}) > 1:
            read.contradictions += len(same)
            continue
        read.copies += len(same) - 1
        once.append(same[0])
    return once


def _present(classes: tuple[str, ...], read: _Read) -> tuple[tuple[str, ...], Numbers, NDArray[np.int64]]:
    """The classes that pictures were read of, the features and the labels. Raises InputError for less than two."""
    present = sorted(set(read.labels))
    if len(present) < 2:
        why = f" The first that failed: {read.broken[0][0]}: {read.broken[0][1]}" if read.broken else ""
        both = " The same files lie in both folders." if read.contradictions else ""
        raise InputError(
            f"Pictures of {len(present)} of {len(classes)} classes could be read.{why}{both}", "Two are needed."
        )
    number = {label: place for place, label in enumerate(present)}
    labels = np.array([number[label] for label in read.labels], dtype=np.int64)
    return tuple(classes[label] for label in present), np.stack(read.features), labels


def _fitted(
    kind: Kind, x: Numbers, y: NDArray[np.int64], count: int, seed: int, read: _Read
) -> tuple[Numbers, Numbers, ProbeReport]:
    """Steps 3 and 4."""
    fit: Fit = _linear if kind == "linear" else _means
    weight, bias = fit(x, y)
    counts = np.bincount(y, minlength=count)
    told = (tuple(read.broken), read.broken_count, read.copies, read.contradictions)
    plain = tuple(int(each) for each in counts)
    if counts.min() < 2:
        why = "A class has one picture alone, so none can be left out to see how often the probe is right."
        return weight, bias, ProbeReport(plain, 0, (), 0.0, 1.0, *told, why, read.absent)
    folds = min(FOLDS, int(counts.min()))
    confusion = _confusion(fit, x, y, count, folds, seed)
    low, high = _wilson(int(np.trace(confusion)), len(y))
    table = tuple(tuple(int(each) for each in row) for row in confusion)
    return weight, bias, ProbeReport(plain, folds, table, low, high, *told, absent=read.absent)


def _confusion(fit: Fit, x: Numbers, y: NDArray[np.int64], count: int, folds: int, seed: int) -> NDArray[np.int64]:
    from sklearn.model_selection import StratifiedKFold

    confusion = np.zeros((count, count), dtype=np.int64)
    for kept, out in StratifiedKFold(folds, shuffle=True, random_state=seed).split(x, y):
        weight, bias = fit(x[kept], y[kept])
        np.add.at(confusion, (y[out], (x[out] @ weight.T + bias).argmax(axis=1)), 1)
    return confusion


def _linear(x: Numbers, y: NDArray[np.int64]) -> tuple[Numbers, Numbers]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one that has not come to rest is as right as the folds say
        fitted = LogisticRegression(C=1.0, max_iter=ITERATIONS).fit(scaler.transform(x), y)
    weight, bias = fitted.coef_, fitted.intercept_
    if len(weight) == 1:  # of two classes: one score, for the second one and against the first
        weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    weight = weight / scaler.scale_
    return weight, bias - weight @ scaler.mean_


def _means(x: Numbers, y: NDArray[np.int64]) -> tuple[Numbers, Numbers]:
    means = np.stack([x[y == label].mean(axis=0) for label in range(int(y.max()) + 1)])
    spread = float(np.square(x - means[y]).sum(axis=1).mean())
    if spread <= 0:  # one picture of each class
        middle = means.mean(axis=0)
        spread = float(np.square(means - middle).sum(axis=1).mean()) or 1.0
    squares = np.square(means).sum(axis=1)
    return (means - means.mean(axis=0)) / spread, (squares.mean() - squares) / (2 * spread)


def _wilson(count: int, of: int) -> tuple[float, float]:
    from scipy.stats import binomtest

    interval = binomtest(count, of).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)
