"""A probe: classes for a model that has none, as a linear map of what it gives for a picture.

    logits[picture, class] = weight[class] . features[picture] + bias[class]

It is a file of its own (safetensors; what it is in its header), and a model has it by its name:
`pack:dinov2-small?probe=HASH`, HASH of the file's bytes (`core.models.probe_store`). So whatever opens a model by its
name again has the same classes, and other numbers are another name. Imports no torch, so that menus can ask.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from core.errors import ArgumentError, InputError
from core.models.class_texts import base_name
from core.saving import save_bytes

Kind = Literal["linear", "means"]
Reads = Literal["output", "class+mean"]
KINDS: dict[Kind, str] = {"linear": "linear probe", "means": "nearest class mean"}
READS: dict[Reads, str] = {
    "output": "the model's own output",
    "class+mean": "the class token beside the mean of the patches",
}
FORMAT, VERSION = "wirescope probe", "1"
MARK = "?probe="
MOST_BYTES = 64 << 20  # of a file
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True)
class ProbeReport:
    """How a probe was fitted, and how often it was right on pictures that it was not fitted on.

    counts: pictures of each class. confusion: [class][answer], of pictures, each answered by a probe that was fitted
    without it; empty where that was not possible, `unproved` then says why. low, high: of the share that was right, the
    95 % interval (Wilson). majority: the share that the answer of the largest class alone would get right.
    broken: pictures that could not be read, with the reason, the first of `broken_count`. copies: pictures left out as
    they were there before; contradictions: those left out as they lay in two classes. absent: folders of
    which no picture could be taken: they are no classes.
    """

    counts: tuple[int, ...]
    folds: int = 0
    confusion: tuple[tuple[int, ...], ...] = ()
    low: float = 0.0
    high: float = 1.0
    broken: tuple[tuple[str, str], ...] = ()
    broken_count: int = 0
    copies: int = 0
    contradictions: int = 0
    unproved: str = ""
    absent: tuple[str, ...] = ()

    @property
    def pictures(self) -> int:
        return sum(self.counts)

    @property
    def correct(self) -> int:
        return sum(row[place] for place, row in enumerate(self.confusion))

    @property
    def accuracy(self) -> float | None:
        """Of pictures that it was not fitted on; None where that is not known."""
        return self.correct / self.pictures if self.confusion else None

    @property
    def majority(self) -> float:
        return max(self.counts) / self.pictures


@dataclass(frozen=True, eq=False)
class Probe:
    """weight: [class, features]; bias: [class]; both fp32. encoder: the hash of the weights of the model that it is of,
    in the precision that it was fitted in; sketch: what of them is the same in others (`core.models.fingerprint`).
    Raises ArgumentError where these do not fit together."""

    kind: Kind
    reads: Reads
    classes: tuple[str, ...]
    weight: NDArray[np.float32] = field(repr=False)
    bias: NDArray[np.float32] = field(repr=False)
    report: ProbeReport
    model: str = ""
    encoder: str = ""
    precision: str = "fp32"
    sketch: tuple[tuple[int, float], ...] = ()

    def __post_init__(self) -> None:
        count = len(self.classes)
        if count < 2 or self.weight.ndim != 2 or len(self.weight) != count or self.bias.shape != (count,):
            raise ArgumentError(
                f"A probe of {count} classes has weights [class, features] and biases [class] of at least two, not "
                f"{list(self.weight.shape)} and {list(self.bias.shape)}."
            )
        if not (np.isfinite(self.weight).all() and np.isfinite(self.bias).all()):
            raise ArgumentError("The probe has numbers that are not finite.", "Fit it again.")

    @cached_property
    def content(self) -> bytes:
        """What its file holds; the same probe gives the same bytes."""
        from safetensors.numpy import save

        about = {
            "format": FORMAT,
            "version": VERSION,
            "kind": self.kind,
            "reads": self.reads,
            "classes": json.dumps(self.classes, ensure_ascii=False),
            "report": json.dumps(asdict(self.report), ensure_ascii=False),
            "model": self.model,
            "encoder": self.encoder,
            "precision": self.precision,
            **({"sketch": json.dumps(self.sketch)} if self.sketch else {}),  # which older files have not
        }
        packed: bytes = save({"bias": self.bias, "weight": np.ascontiguousarray(self.weight)}, _one(about))
        return packed

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def _one(about: dict[str, str]) -> dict[str, str]:
    """In one entry: safetensors writes several in any order, and the same probe is to have the same hash."""
    return {"wirescope": json.dumps(about, ensure_ascii=False, sort_keys=True)}


def probe_of(content: bytes, name: str = "The file") -> Probe:
    """What the bytes of a file hold. name: of the file, for people. Raises InputError."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    hint = "Give a file that was saved by Wirescope as a probe."
    if len(content) > MOST_BYTES:
        raise InputError(f"{name} is too large for a probe: {len(content) >> 20:,} MB.", hint)
    try:
        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + length]) if 0 < length < len(content) else {}
        about: dict[str, Any] = json.loads(header["__metadata__"]["wirescope"])
        if about["format"] != FORMAT:
            raise InputError(f"{name} is no probe.", hint)
        if about["version"] != VERSION:
            raise InputError(f"{name} was saved by a newer Wirescope.", "Update Wirescope.")
        arrays = load(content)
        weight, bias = (arrays[part].astype(np.float32) for part in ("weight", "bias"))
        classes = tuple(str(each) for each in json.loads(about["classes"]))
        if about["kind"] not in get_args(Kind) or about["reads"] not in get_args(Reads):
            raise InputError(f"{name} is a probe of a kind that is not known here.", "Update Wirescope.")
        report = _report(json.loads(about["report"]), len(classes))
        words = {part: str(about[part]) for part in ("model", "encoder", "precision")}
        sketch = tuple((int(count), float(size)) for count, size in json.loads(about.get("sketch", "[]")))
        return Probe(about["kind"], about["reads"], classes, weight, bias, report, **words, sketch=sketch)
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(f"{name} is no probe, or it is damaged.", hint) from None
    except ArgumentError as error:
        raise InputError(f"{name} is damaged: {error.message}", hint) from None


def _report(data: dict[str, Any], classes: int) -> ProbeReport:
    counts = tuple(int(each) for each in data["counts"])
    confusion = tuple(tuple(int(each) for each in row) for row in data["confusion"])
    shapes = {len(counts), *map(len, confusion), *([len(confusion)] if confusion else [])}
    if shapes != {classes} or min(counts) < 0 or not sum(counts):
        raise ValueError("its report is of other classes")
    broken = tuple((str(name), str(why)) for name, why in data["broken"])
    folds, unread, copies, twice = (int(data[name]) for name in ("folds", "broken_count", "copies", "contradictions"))
    low, high = float(data["low"]), float(data["high"])
    absent = tuple(str(name) for name in data["absent"])
    unproved = str(data["unproved"])
    return ProbeReport(counts, folds, confusion, low, high, broken, unread, copies, twice, unproved, absent)


def read_probe(path: str | Path) -> Probe:
    """The probe in a file. Raises InputError."""
    place = Path(path).expanduser()
    try:
        if place.stat().st_size > MOST_BYTES:
            raise InputError(f"{place.name} is too large for a probe.", "Give a file that was saved as a probe.")
        return probe_of(place.read_bytes(), place.name)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or 'it is refused'}.", "Check the path.") from None


def save_probe(path: str | Path, probe: Probe) -> None:
    """Write it to a file, whole or not at all. Raises WirescopeError."""
    save_bytes(Path(path).expanduser(), probe.content)


def with_digest(name: str, digest: str) -> str:
    """A model's name with a probe in the place of what it has behind its base name; without one where it is empty."""
    return f"{base_name(name)}{MARK}{digest}" if digest else base_name(name)


def digest_in(name: str) -> str:
    """The hash of the probe in a model's name; empty where there is none. Raises ArgumentError for what is no hash."""
    _, mark, digest = name.partition(MARK)
    if mark and not _HASH.fullmatch(digest):
        raise ArgumentError(f"A model's name has the hash of a probe behind {MARK}, not {digest[:80]!r}.")
    return digest
