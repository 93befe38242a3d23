"""`wirescope study modalities`: differences between models that read text and models that see."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.cli.arguments import MODEL_HELP, seed_number
from app.cli.kept_study import add_study_options, check_study_options, do_study, tell_report
from app.cli.open_model import open_model
from app.cli.output import say, say_json
from app.cli.study_folder import made_folder, write_texts
from app.cli.tables import aligned
from app.cli.workers import STOPPED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.models.model import Model
    from core.studies.modalities import ModalityStudy

WORDS = "differences between models that read text and models that see, in one table and one figure"
EXAMPLES = """
wirescope study modalities --text bundled:names --image bundled:shapes
wirescope study modalities --text pack:smollm2 --image pack:dinov2-small --workers 2 --folder modalities
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--text",
        required=True,
        action="append",
        metavar="MODEL",
        help=f"one that reads text: {MODEL_HELP}. May be repeated",
    )
    parser.add_argument(
        "--image",
        required=True,
        action="append",
        metavar="MODEL",
        help="one that sees, named likewise. May be repeated",
    )
    parser.add_argument(
        "--pairs", type=int, default=12, help="of a task to score edges on, and as many to judge on (12)"
    )
    parser.add_argument("--inputs", type=int, default=24, help="on which attention is read (24)")
    parser.add_argument("--edges", type=int, default=100, help="of each pair, whose exact effect is measured (100)")
    parser.add_argument("--method", default="eap-ig", help="that scores edges (eap-ig)")
    parser.add_argument("--seed", type=seed_number, default=0, help="draws pairs, inputs and random edges (0)")
    add_study_options(parser, "the models compute", "the report, its figure and its numbers there: html, md, svg, json")
    parser.set_defaults(do=study_modalities_command)


def study_modalities_command(options: argparse.Namespace) -> int:
    from core.studies.modalities import study_modalities
    from core.studies.modality_picture import picture
    from core.studies.modality_report import report_texts

    check_study_options(options)
    out = None if options.out is None else made_folder(options.out)
    given = {name: getattr(options, name) for name in ("pairs", "inputs", "edges", "method", "seed")}

    def begin() -> tuple[list[Model], dict[str, Any]]:
        names = (*options.text, *options.image)
        models = [open_model(name, options.precision, options.device, options.weights) for name in names]
        return models, {"text": options.text, "image": options.image, **given}

    def asked(models: Sequence[Model], _settings: Mapping[str, Any], **how: Any) -> ModalityStudy:
        texts = len(options.text)
        return study_modalities(models[:texts], models[texts:], **given, **how)

    study = do_study(options, "modalities", begin, asked, report_texts)
    if study is None:
        return STOPPED
    _tell(study, options.json)
    tell_report(options)
    if out is not None:
        write_texts(out, "modalities", {**report_texts(study), "svg": picture(study.models).svg}, options.json)
    return 0


def _tell(study: ModalityStudy, as_numbers: bool) -> None:
    from core.studies.modality_words import as_json, heads, rows, sentences, title

    if as_numbers:
        say_json(as_json(study))
        return
    say(f"{title(study)}.\n")
    for line in aligned([heads(study), *rows(study)]):
        say(line)
    say()
    for sentence in sentences(study):
        say(sentence)
