"""From the engine's results to what the views draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from app.messages.replies import ModelReply, TaskWords
from app.worker.pinned_answers import pin_key, pinned_indices
from core.formatting import is_below_noise
from core.inputs.pair import Side
from core.inputs.tasks import tasks_for
from core.metrics import METRICS
from core.models.families.dinov2 import Dinov2Adapter
from core.models.model import Model
from core.models.probed import why_no_probe
from core.models.spread import name_of_devices
from core.models.zero_shot import ZeroShot, templates_of
from core.parity import Parity
from core.precision import precision_name, widened
from core.project.document import Source
from core.project.metric_choice import MetricChoice
from core.project.outcome import PredictionRow
from core.result import Result
from core.rounding import Rounding
from core.session import Session
from views.panels.inputs.data import CardData, MetricOption
from views.widgets.data import TokenChip

ROWS = 20  # of the likeliest answers; the panel shows as many of them as the user chose


def opened_words(model: Model, name: str, precision: str = "fp32") -> ModelReply:
    """What the window says of a model. precision: that was asked for."""
    shape = model.adapter.shape
    outputs = {"next token": "logits", "classes": "class scores", "embedding": "embedding"}
    options = tuple(
        MetricOption(row.name, row.words, row.needs_target, row.needs_foil, row.of_reference)
        for row in METRICS.values()
        if shape.output_kind in row.outputs and row.graded and not (row.of_reference and model.is_text)
    )
    heads = f"{shape.heads} heads" if shape.heads == shape.kv_heads else f"{shape.heads} heads ({shape.kv_heads} K/V)"
    computed_in = precision_name(model.adapter.dtype) + ("" if model.unrounded is None else ", 8-bit weights")
    devices = name_of_devices(model.adapter).split(",")
    place = model.adapter.device.type if len(devices) == 1 else ", ".join(devices)
    return ModelReply(
        number=0,
        name=name,
        precision=precision,
        title=model.title,
        details=" · ".join(
            (
                *_towers(model),
                f"{shape.layers} layers",
                heads,
                computed_in,
                place,
            )
        ),
        graph=model.graph,
        is_text=model.is_text,
        has_head=shape.output_kind != "embedding",
        class_names=model.class_names,
        metric_options=options,
        input_label=f"input · {model.input_words}",
        output_label="similarity" if model.graph.towers else outputs[shape.output_kind],
        prefix=model.adapter.prefix,
        tasks=tuple(TaskWords(task.name, task.title, task.about) for task in tasks_for(model)),
        takes_ids=model.is_text and model.tokenizer is None,
        writes_text=shape.output_kind == "next token",
        takes_class_texts=isinstance(model.adapter.module, ZeroShot),
        takes_probe=why_no_probe(model) is None,
        reads_both=isinstance(model.adapter, Dinov2Adapter),
        class_templates=templates_of(model),
        windows=tuple(layer.window for layer in model.adapter.attention),
        sinks=tuple(layer.sinks is not None for layer in model.adapter.attention),
    )


def _towers(model: Model) -> tuple[str, ...]:
    """Of a model with both towers, what the text tower is; what follows is of the other."""
    if not model.graph.towers:
        return ()
    text = model.graph.towers[1].graph
    return (f"text tower of {text.layers} layers with {text.heads} heads", "vision tower")


def empty_card(letter: Literal["A", "B"], is_text: bool) -> CardData:
    return CardData(letter, "text" if is_text else "image")


def card_of(
    letter: str, model: Model, source: Source | None, side: Side | None, problem: str = "", other: Side | None = None
) -> CardData:
    """An input card; `other` is the other card's input, to mark where they differ."""
    which: Literal["A", "B"] = "A" if letter == "A" else "B"
    of_model = model.notes if which == "A" else ()
    if source is None:
        return empty_card(which, model.is_text)
    if side is None:
        return CardData(which, source.kind, text=source.text, name=source.name, problem=problem)
    if not model.is_text:
        grid = model.adapter.image_grid(side.tensor)
        name = source.name or side.text
        return CardData(
            which, "image", image=side.view, grid=grid, name=name, notes=of_model + side.notes, problem=problem
        )
    ids = side.tensor[0].tolist()
    others = other.tensor[0].tolist() if other is not None else ids
    chips = tuple(
        TokenChip(text, index, differs=index >= len(others) or ids[index] != others[index])
        for index, text in enumerate(side.labels)
    )
    return CardData(which, "text", text=source.text, tokens=chips, notes=of_model + side.notes, problem=problem)


def parity_words(parity: Parity, rounding: Rounding | None = None) -> str:
    """ "parity 6e-6", and by how much 8 bits change a logit: "parity 6e-6 · 8 bits 2e-2" """
    words = f"parity {parity.difference:.0e}" + ("" if rounding is None else f" · 8 bits {rounding.difference:.0e}")
    return words.replace("e-0", "e-").replace("e+0", "e+")


def run_words(result: Result, forward_milliseconds: float, edited: bool) -> str:
    """ "14 ms · 0.12 of a forward · layers 24–29" """
    layers = result.layers_run
    if result.model.graph.towers and not result.known:  # its layers are of two
        return f"{_milliseconds(result)} · {_share(result, forward_milliseconds):.2f} of a forward · both towers"
    total = result.model.graph.layers
    if result.known:
        return f"{_milliseconds(result)} · kept from before" if edited else f"{_milliseconds(result)} · no edits"
    where = f"layer {layers[0]}" if len(layers) == 1 else f"layers {layers[0]}–{total - 1}" if layers else "output only"
    return f"{_milliseconds(result)} · {_share(result, forward_milliseconds):.2f} of a forward · {where}"


def _share(result: Result, forward_milliseconds: float) -> float:
    return result.milliseconds / forward_milliseconds if forward_milliseconds > 0 else 0.0


def _milliseconds(result: Result) -> str:
    return f"{result.milliseconds:.{0 if result.milliseconds >= 10 else 1}f} ms"


def prediction_rows(
    session: Session,
    clean: Result,
    result: Result,
    pinned: Sequence[str] = (),
    keys: dict[int, str] | None = None,
    floors: Tensor | None = None,
) -> tuple[Literal["probability", "cosine"], tuple[PredictionRow, ...]]:
    """Before, after and in B: the pinned answers, then the likeliest of before and after; cosines for a model without a
    head. keys: those of answers that are known already; filled. floors: of `prediction_floors`; changes below them are
    called so. None: where nothing is edited, too."""
    if session.model.adapter.shape.output_kind == "embedding":
        return "cosine", _cosine_rows(session, clean, result, floors)
    before, after = (widened(run.answer[0]).softmax(dim=-1) for run in (clean, result))
    b = session.counterfactual
    in_b = None if b is None else widened(b.answer[0]).softmax(dim=-1)
    likely = {prediction.index for run in (clean, result) for prediction in run.top(ROWS)}
    best = sorted(likely, key=lambda i: (-max(float(before[i]), float(after[i])), i))[:ROWS]
    always = pinned_indices(session.model, pinned, before.shape[-1])
    keys = {} if keys is None else keys
    keys.update({index: pin_key(session.model, index) for index in [*always, *best] if index not in keys})
    rows = [
        PredictionRow(
            session.model.label(index),
            float(before[index]),
            float(after[index]),
            None if in_b is None else float(in_b[index]),
            index in always,
            keys[index],
            floors is not None and is_below_noise(float(after[index] - before[index]), float(floors[index])),
        )
        for index in dict.fromkeys([*always, *best])
    ]
    return "probability", tuple(rows)


def prediction_floors(session: Session) -> Tensor:
    """The noise floors of what the rows show of the first input: [answers], of each one's probability; of a model
    without a head [1 or 2], of the cosine to A and of that to B."""
    from core.noise import floors_of

    if session.model.adapter.shape.output_kind == "embedding":
        return floors_of(session, lambda result: torch.stack([to for _, to in _cosines(session, result)]))
    return floors_of(session, lambda result: widened(result.answer[0]).softmax(dim=-1))


def _cosines(session: Session, result: Result) -> list[tuple[str, Tensor]]:
    """Of an embedding to A's, and to B's where there is one."""
    references = {"to A": session.clean, "to B": session.counterfactual}
    return [
        (label, cosine_similarity(widened(result.answer[:1]), widened(reference.answer[:1]))[0])
        for label, reference in references.items()
        if reference is not None
    ]


def _cosine_rows(session: Session, clean: Result, result: Result, floors: Tensor | None) -> tuple[PredictionRow, ...]:
    b = session.counterfactual
    of_runs = [_cosines(session, run) for run in (clean, result, *(() if b is None else (b,)))]
    rows = []
    for place, (label, before) in enumerate(of_runs[0]):
        after, *in_b = (float(cosines[place][1]) for cosines in of_runs[1:])
        lost = floors is not None and is_below_noise(after - float(before), float(floors[place]))
        rows.append(PredictionRow(label, float(before), after, in_b[0] if in_b else None, below_noise=lost))
    return tuple(rows)


def metric_choice(session: Session) -> MetricChoice:
    """The session's metric as the user would set it."""
    bound = session.metric
    target = session.model.label(bound.target[0]) if bound.target else ""
    foil = session.model.label(bound.foil[0]) if bound.foil else ""
    return MetricChoice(bound.metric.kind, target, foil)
