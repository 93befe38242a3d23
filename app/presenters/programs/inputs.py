"""Opening a model, and giving it inputs and a metric."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import replace
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from app.presenters.programs.answers import opened_answer
from app.presenters.programs.host import Host, found_or_retracted
from core.door.tool import Answer, Call, Parameters
from core.errors import ArgumentError, InputError
from core.metrics import METRICS
from core.project.change import Change
from core.project.document import Document, Source
from core.project.examples import examples_for
from core.project.input_operations import set_metric, set_source
from core.project.metric_choice import MetricChoice

LONGEST = 100_000  # characters of a prompt
_DATA = re.compile(r"data:image/[a-z0-9.+-]{1,40};base64,", re.ASCII)

Text = Annotated[str, Meta(max_length=LONGEST)]
Short = Annotated[str, Meta(max_length=1000)]


class Picture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A picture, by one of these."""

    data: Annotated[str, Meta(description="data:image/png;base64,…")] = ""
    file: Annotated[str, Meta(max_length=1000, description="below the folder of the door")] = ""


class Metric(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is measured of the output."""

    kind: Annotated[str, Meta(max_length=64, description="such as logit_difference, probability, kl, class_logit")]
    target: Annotated[Short, Meta(description='an answer, one token, with its space: " Mary"')] = ""
    foil: Annotated[Short, Meta(description="the answer that it is compared with, of a difference")] = ""


class Open(Parameters, frozen=True, kw_only=True):
    """Whatever is left out stays as it is; of another model come the inputs that are made for it."""

    model: Annotated[Short, Meta(description="bundled:NAME, pack:NAME, or one that the user has named")] | UnsetType = (
        UNSET
    )
    a: Annotated[Text | Picture | UnsetType, Meta(description="the clean input A")] = UNSET
    b: Annotated[
        Text | Picture | UnsetType | None, Meta(description="the counterfactual B, token by token beside A; null: none")
    ] = UNSET
    metric: Metric | UnsetType | None = UNSET
    precision: Literal["fp32", "bf16"] = "fp32"


def open_inputs(host: Host, told: Open, call: Call) -> Answer:
    """Take up a model, inputs and a metric, as steps of the history."""
    a, b = _source(host, told.a), None if told.b is None else _source(host, told.b)
    metric = UNSET if isinstance(told.metric, UnsetType) else _metric(told.metric)
    present = host.document()
    if not isinstance(told.model, UnsetType) and (told.model, told.precision) != present.opens:
        host.permits.check_model(told.model)
        host.open(_document_of(told, a, b, metric))
        return opened_answer(found_or_retracted(host, call))
    if not present.model:
        raise ArgumentError("No model is open.", "Name one: bundled:names.")
    changed = host.change(lambda document: _with(document, a, b, metric))
    return opened_answer(found_or_retracted(host, call) if changed else host.find(call))


def _document_of(
    told: Open, a: Source | UnsetType, b: Source | UnsetType | None, metric: MetricChoice | UnsetType | None
) -> Document:
    """A document of another model. Without an A it is the first example that is made for the model, or has none yet."""
    assert isinstance(told.model, str)
    made = examples_for(told.model)
    if not isinstance(a, UnsetType):
        document = Document(told.model, a)
    else:
        document = made[0].document if made else Document(told.model)
    document = replace(document, precision=told.precision)
    if not isinstance(b, UnsetType):
        document = replace(document, counterfactual=b)
    return document if isinstance(metric, UnsetType) else replace(document, metric=metric)


def _with(
    document: Document, a: Source | UnsetType, b: Source | UnsetType | None, metric: MetricChoice | UnsetType | None
) -> Change | None:
    """A document with other inputs and another metric, as one change; None where all is as it was."""
    words, before = [], document
    for letter, source in (("A", a), ("B", b)):
        if not isinstance(source, UnsetType):
            change = set_source(document, letter, source)
            if change.document != document:
                words.append(change.words)
            document = change.document
    if not isinstance(metric, UnsetType) and metric != document.metric:
        change = set_metric(document, metric or MetricChoice(""))
        words.append(change.words)
        document = replace(change.document, metric=metric)
    return Change("; ".join(words), document) if document != before else None


def _source(host: Host, given: str | Picture | UnsetType | None) -> Source | UnsetType:
    """An input as a document holds it. Raises ArgumentError, InputError."""
    if isinstance(given, str):
        return Source("text", text=given)
    if not isinstance(given, Picture):
        return UNSET
    if bool(given.data) == bool(given.file):
        raise ArgumentError("A picture is given by its data or by its file.", "Give one of both.")
    if given.file:
        name = given.file.replace("\\", "/").rpartition("/")[2]
        return Source("image", data=host.permits.read(given.file), name=name)
    head = _DATA.match(given.data)
    if head is None:
        raise InputError("The data of a picture are a data URL.", "Write data:image/png;base64,…")
    try:
        return Source("image", data=base64.b64decode(given.data[head.end() :], validate=True), name="a picture")
    except (binascii.Error, ValueError):
        raise InputError("The data of the picture are not base64.") from None


def _metric(given: Metric | None) -> MetricChoice | None:
    """Raises ArgumentError for a kind that there is not, or without what it needs."""
    if given is None:
        return None
    row = METRICS.get(given.kind)
    if row is None or row.of_reference:
        kinds = ", ".join(name for name, each in METRICS.items() if not each.of_reference)
        raise ArgumentError(f"There is no metric {given.kind!r} for programs.", f"There are: {kinds}.")
    if (row.needs_target and not given.target) or (row.needs_foil and not given.foil):
        needs = "a target and a foil" if row.needs_foil else "a target"
        raise ArgumentError(f"{given.kind} needs {needs}.", 'Give answers of one token, as " Mary".')
    return MetricChoice(given.kind, given.target, given.foil)
