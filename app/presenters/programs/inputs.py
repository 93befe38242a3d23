"""Opening a model, and giving it inputs and a metric."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import replace
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from app.presenters.programs.answers import opened_answer
from app.presenters.programs.host import Host, find_of_step
from core.door.tool import Answer, Call, Parameters
from core.errors import ArgumentError, InputError
from core.formatting import counted
from core.metrics import METRICS
from core.project.change import Change
from core.project.document import Document, PairSource, Source
from core.project.examples import examples_for
from core.project.input_operations import FIELDS, set_metric, set_source
from core.project.metric_choice import MetricChoice

MOST_ROWS = 2048  # as many as a trace takes
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


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pair of the dataset, with its own answers where it has some."""

    a: Text | Picture
    b: Text | Picture | None = None
    target: Short = ""
    foil: Short = ""


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
    dataset: (
        Annotated[list[Row], Meta(max_length=MOST_ROWS, description="pairs for means, and for traces over them")]
        | UnsetType
    ) = UNSET
    precision: Literal["fp32", "bf16"] | UnsetType = UNSET


def open_inputs(host: Host, told: Open, call: Call) -> Answer:
    """Take up a model, inputs and a metric, as steps of the history."""
    given, present = _given(host, told), host.document()
    model = present.model if isinstance(told.model, UnsetType) else told.model
    if not model:
        raise ArgumentError("No model is open.", "Name one: bundled:names.")
    other = present.precision if model == present.model else "fp32"
    precision = other if isinstance(told.precision, UnsetType) else told.precision
    if (model, precision) != present.opens:
        host.permits.check_model(model)
        words = host.open(replace(_fitting(model, present, "clean" in given), precision=precision, **given))
    else:
        words = host.change(lambda document: _with(document, given))
    return opened_answer(find_of_step(host, words, call))


def _given(host: Host, told: Open) -> dict[str, Any]:
    """The fields of a document that a call gives. Raises ArgumentError, InputError."""
    given: dict[str, Any] = {}
    if not isinstance(told.a, UnsetType):
        given["clean"] = _source(host, told.a)
    if not isinstance(told.b, UnsetType):
        given["counterfactual"] = None if told.b is None else _source(host, told.b)
    if not isinstance(told.metric, UnsetType):
        given["metric"] = None if told.metric is None else _metric(told.metric)
    if not isinstance(told.dataset, UnsetType):
        given["dataset"] = tuple(_row(host, row) for row in told.dataset)
    return given


def _fitting(model: str, present: Document, has_a: bool) -> Document:
    """A document of another model; of the same one in another precision the present one. Where no A is given, it is the
    first example that is made for the model, or has none yet."""
    if model == present.model:
        return present
    made = () if has_a else examples_for(model)
    return made[0].document if made else Document(model)


def _with(document: Document, given: dict[str, Any]) -> Change | None:
    """A document with what is given, as one change; None where all is as it was."""
    words, before = [], document
    for letter, name in FIELDS.items():
        if name in given and given[name] != getattr(document, name):
            words.append(set_source(document, letter, given[name]).words)
    if "metric" in given and given["metric"] != document.metric:
        words.append(set_metric(document, given["metric"] or MetricChoice("")).words)
    if "dataset" in given and given["dataset"] != document.dataset:
        words.append(f"Dataset: {counted(len(given['dataset']), 'row')}")
    document = replace(document, **given)
    return Change("; ".join(words), document) if document != before else None


def _row(host: Host, row: Row) -> PairSource:
    b = None if row.b is None else _source(host, row.b)
    return PairSource(_source(host, row.a), b, row.target, row.foil)


def _source(host: Host, given: str | Picture) -> Source:
    """An input as a document holds it. Raises ArgumentError, InputError."""
    if isinstance(given, str):
        return Source("text", text=given)
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


def _metric(given: Metric) -> MetricChoice:
    """Raises ArgumentError for a kind that there is not, or without what it needs."""
    row = METRICS.get(given.kind)
    if row is None or row.of_reference:
        kinds = ", ".join(name for name, each in METRICS.items() if not each.of_reference)
        raise ArgumentError(f"There is no metric {given.kind!r} for programs.", f"There are: {kinds}.")
    if (row.needs_target and not given.target) or (row.needs_foil and not given.foil):
        needs = "a target and a foil" if row.needs_foil else "a target"
        raise ArgumentError(f"{given.kind} needs {needs}.", 'Give answers of one token, as " Mary".')
    return MetricChoice(given.kind, given.target, given.foil)
