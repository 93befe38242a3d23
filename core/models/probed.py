"""A model without a head, with the classes of a probe: `Probed`, and how a model gets one.

    logits = weight features + bias

features: what the model gives for a picture as its library has it (`output`; of DINOv2 the class token after the last
norm, as in its k-NN evaluation and in its linear one of one block without pooling: Oquab et al. 2023, "DINOv2",
section 7.1), or, of DINOv2, the normed class token beside the mean of the normed patches (`class+mean`: what the
linear heads read that were published with it).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core.errors import ArgumentError
from core.formatting import percent
from core.models.adapter import Adapter
from core.models.families.dinov2 import Dinov2Adapter
from core.models.family import adapt
from core.models.fingerprint import alike, weights_hash, weights_sketch
from core.models.model import Model
from core.models.probe import KINDS, READS, Probe, Reads, digest_in, read_probe, with_digest
from core.models.probe_store import keep, kept
from core.models.zero_shot import NO_CLASSES, ZeroShot
from core.precision import precision_name


@dataclass
class ProbeScores:
    """logits: [batch, class]."""

    logits: Tensor


class Probed(nn.Module):
    """A model that gives an embedding of a picture, and a linear map of it to classes. It shares the model's weights;
    called with pixels, as the model is."""

    def __init__(self, encoder: Any, probe: Probe) -> None:
        super().__init__()
        one = next(encoder.parameters())
        self.encoder = encoder
        self.head = nn.Linear(probe.weight.shape[1], len(probe.classes), device=one.device, dtype=one.dtype)
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(probe.weight))
            self.head.bias.copy_(torch.from_numpy(probe.bias))
        self.head.requires_grad_(False)
        self.probe = probe
        self.config = getattr(encoder, "config", None)
        self.training = encoder.training

    def forward(self, pixel_values: Tensor) -> ProbeScores:
        return ProbeScores(self.head(features(self.encoder, pixel_values, self.probe.reads)))


def features(encoder: Any, pixels: Tensor, reads: Reads) -> Tensor:
    """What a probe reads of pictures [batch, channel, height, width], by the library's own forward: [batch,
    features]."""
    adapter = adapt(encoder)
    if reads == "output":
        return adapter.own_forward(pixels)
    tokens = encoder(pixel_values=pixels).last_hidden_state
    return torch.cat([tokens[:, 0], tokens[:, adapter.prefix :].mean(dim=1)], dim=1)


def encoder_of(model: Model) -> Any:
    """The module that gives the embedding, without its probe. Raises ArgumentError for a model that takes none."""
    module = model.adapter.module
    reason = why_no_probe(model)
    if reason:
        raise ArgumentError(*reason)
    return module.encoder if isinstance(module, Probed) else module


def why_no_probe(model: Model) -> tuple[str, str] | None:
    """Why a model takes no probe, and what to do; None where it takes one."""
    if model.is_text:
        return f"{model.title} reads text: probes are of pictures.", "Open a vision model without classes, as DINOv2."
    if isinstance(model.adapter.module, ZeroShot):
        return (
            f"The classes of {model.title} are texts that you write.",
            "Write class texts, or open its vision tower alone: vision: before its name.",
        )
    if isinstance(model.adapter.module, Probed) or not model.has_head:
        return None
    return f"{model.title} has classes of its own.", "Open a vision model without classes, as DINOv2."


def check_reads(adapter: Adapter, reads: Reads) -> None:
    """Raise ArgumentError for what cannot be read of a model."""
    if reads == "class+mean" and not isinstance(adapter, Dinov2Adapter):
        raise ArgumentError(
            f"The class token beside the mean of the patches is read of DINOv2 alone, not of {adapter.family}.",
            "Let the probe read the model's own output.",
        )


def check_options(kind: str, reads: str) -> None:
    """Raise ArgumentError for a kind of probe, or something to read, that there is not."""
    for what, given, table in (("A probe is", kind, KINDS), ("A probe reads", reads, READS)):
        if given not in table:
            raise ArgumentError(f"{what} {' or '.join(table)}, not {given!r}.")


def with_probe(model: Model, probe: Probe | None) -> Model:
    """The same model with the classes of a probe; its weights are shared. None: without. Raises ArgumentError for a
    model that takes none, and for the probe of another model."""
    encoder = encoder_of(model)
    notes = tuple(note for note in model.notes if note != NO_CLASSES)
    if isinstance(model.adapter.module, Probed):
        notes = tuple(note for note in notes if note != probe_note(model.adapter.module.probe))
    if probe is None:
        return replace(model, name=with_digest(model.name, ""), adapter=adapt(encoder), class_names=(), notes=notes)
    bare = adapt(encoder)
    check_reads(bare, probe.reads)
    width = bare.shape.width * 2 if probe.reads == "class+mean" else _width(bare)
    if _is_of_another(probe, encoder, precision_name(bare.dtype)) or (
        width is not None and probe.weight.shape[1] != width
    ):
        why = f"It was fitted on {probe.model}." if probe.model else "It reads another number of features."
        raise ArgumentError(f"The probe is not of {model.title}. {why}", "Open that model, or fit a probe on this one.")
    name = with_digest(model.name, keep(probe))
    notes += (probe_note(probe),)
    return replace(model, name=name, adapter=adapt(Probed(encoder, probe)), class_names=probe.classes, notes=notes)


def _is_of_another(probe: Probe, encoder: Any, precision: str) -> bool:
    """Whether a probe was fitted on other weights: by their hash, and in another precision by what is left of them in
    it. False where a file does not say."""
    if probe.precision == precision:
        return bool(probe.encoder) and probe.encoder != weights_hash(encoder)
    return bool(probe.sketch) and not alike(probe.sketch, weights_sketch(encoder))


def as_asked(model: Model, probe: Probe | str | Path | None, name: str = "") -> Model:
    """A model as it was opened, with the probe that was asked for (or its file), else that in its name; as it is
    without one. Raises WirescopeError."""
    if probe is None:
        digest = digest_in(name)
        return with_probe(model, kept(digest)) if digest else model
    return with_probe(model, probe if isinstance(probe, Probe) else read_probe(probe))


def _width(adapter: Adapter) -> int | None:
    """How many numbers a model gives for a picture, where that is known without a run."""
    module = adapter.module
    projection = getattr(module, "visual_projection", None)
    if projection is not None:
        return int(projection.out_features)
    pooled = getattr(module, "num_features", None)  # timm's; some ways to pool give more than the stream has
    return None if pooled is not None else adapter.shape.width


def probe_note(probe: Probe) -> str:
    """A sentence on where the classes are from."""
    report = probe.report
    fitted = f"Its classes are those of a {KINDS[probe.kind]} on {report.pictures:,} pictures"
    if report.accuracy is None:
        return f"{fitted}. How often it is right on others is not known."
    low, high, majority = percent(report.low), percent(report.high), percent(report.majority)
    return (
        f"{fitted}: {percent(report.accuracy)} right on those left out in turn (95 % interval {low} to {high}), where "
        f"always the largest class gives {majority}."
    )
