"""The model of a command: in which precision it is asked for, and opening it, for all commands in one place."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from app.cli.output import tell
from app.presenters.precision import rounding_words
from core.errors import ArgumentError, ModelError
from core.precision_words import USUAL_PRECISION

if TYPE_CHECKING:
    from core.models.model import Model
    from core.session import Session


def add_opening_options(parser: argparse.ArgumentParser, usual: str = USUAL_PRECISION) -> None:
    """How a model is opened: its precision, and its class texts where its classes are texts. usual: the precision that
    holds without the option, in words. It is then None."""
    parser.add_argument("--precision", help=f"what the model computes in: fp32, bf16 or fp64 ({usual})")
    add_weights_option(parser)
    parser.add_argument(
        "--classes", help='what CLIP or SigLIP tells apart: texts with commas, as in "red circle, blue square"'
    )
    parser.add_argument(
        "--template", action="append", help='a sentence with {} for the class, as in "a picture of a {}"; several times'
    )
    parser.add_argument(
        "--probe", metavar="FILE", help="classes for a vision model that has none, as `wirescope probe` saves them"
    )


def add_weights_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--weights",
        default="auto",
        help="where they are: memory, disk, 8bit (in memory, rounded), or auto, on disk where memory is short (auto)",
    )


def take_probe(options: argparse.Namespace) -> None:
    """Put the probe of a command into the name of its model. Raises ArgumentError, InputError."""
    path = getattr(options, "probe", None)
    if path is None:
        return
    from core.models.class_texts import texts_in
    from core.models.probe import read_probe, with_digest
    from core.models.probe_store import keep

    if not options.model:
        raise ArgumentError("--probe is of a model.", "Name it: --model")
    if texts_in(options.model) is not None:
        raise ArgumentError("A model has its classes from texts or from a probe, not from both.")
    options.model = with_digest(options.model, keep(read_probe(path)))


def take_classes(options: argparse.Namespace) -> None:
    """Put the class texts of a command into the name of its model. Raises ArgumentError."""
    from core.models.class_texts import class_texts, texts_in, with_texts

    classes, templates = getattr(options, "classes", None), getattr(options, "template", None)
    if classes is None and not templates:
        return
    if not options.model:
        raise ArgumentError("--classes and --template are of a model.", "Name it: --model")
    named = texts_in(options.model)
    if classes is None and named is None:
        raise ArgumentError("--template is of class texts.", 'Give them too: --classes "red circle, blue square"')
    texts = class_texts(named.classes if classes is None and named is not None else classes or (), templates)
    options.model = with_texts(options.model, texts)


def check_precision(precision: str) -> None:
    """Raise ArgumentError for a precision that there is not."""
    from core.models.health import placement

    placement("cpu", precision)


def open_model(name: str, precision: str | None = None, device: str = "cpu", weights: str = "auto") -> Model:
    """The model, after its notes were told. Raises ArgumentError for a precision, a device or a place for weights that
    there is not, ModelError for a model that cannot be opened."""
    from app.worker.threads import threads_for, threads_to_open, use_threads
    from core.models.loading import load_model
    from core.models.spread import devices_of
    from core.models.weights_place import WeightsPlace
    from core.precision import PRECISIONS

    precision = precision or USUAL_PRECISION
    devices = devices_of(device, precision)  # which refuses a wrong precision
    WeightsPlace(weights, PRECISIONS[precision], devices)
    use_threads(threads_to_open(name))
    try:
        model = load_model(name, device=device, dtype=precision, weights=weights)
    except ArgumentError as error:  # in a notebook a wrong name is a wrong argument, here it is a model not there
        raise ModelError(error.message, error.hint) from None
    use_threads(threads_for(model))
    for note in model.notes:
        tell(note)
    return model


def rounding_notes(session: Session) -> list[str]:
    """What 8-bit weights change of the unedited answers to a session's inputs; nothing of other weights."""
    from core.rounding import rounding

    measured = rounding(session)
    return [] if measured is None else [f"{rounding_words(measured.difference, measured.divergence)}."]
