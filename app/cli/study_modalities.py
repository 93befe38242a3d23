"""`wirescope study modalities`: differences between models that read text and models that see."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.arguments import MODEL_HELP, add_device_option
from app.cli.open_model import open_model
from app.cli.output import say, say_json
from app.cli.progress import Progress
from app.cli.study_folder import made_folder, write_study
from app.cli.tables import aligned

if TYPE_CHECKING:
    from core.studies.modalities import ModalityStudy

WORDS = "differences between models that read text and models that see, in one table and one figure"
EXAMPLES = """
wirescope study modalities --text bundled:names --image bundled:shapes
wirescope study modalities --text pack:smollm2 --image pack:dinov2-small --out modalities
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
    parser.add_argument("--seed", type=int, default=0, help="draws pairs, inputs and random edges (0)")
    add_device_option(parser)
    parser.add_argument("--precision", help="what the models compute in: fp32, bf16 or fp64 (fp32)")
    parser.add_argument("--out", metavar="FOLDER", help="write table, figure and numbers there: md, svg, json")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(do=study_modalities_command)


def study_modalities_command(options: argparse.Namespace) -> int:
    from core.studies.modalities import study_modalities
    from core.studies.modality_words import as_json, heads, rows, sentences, title

    folder = None if options.out is None else made_folder(options.out)
    named, opened = (
        (options.text, options.image),
        partial(open_model, precision=options.precision, device=options.device),
    )
    text, image = ([opened(name) for name in some] for some in named)
    with Progress() as progress:
        study = study_modalities(
            text,
            image,
            pairs=options.pairs,
            inputs=options.inputs,
            edges=options.edges,
            method=options.method,
            seed=options.seed,
            progress=progress,
        )
    if options.json:
        say_json(as_json(study))
    else:
        say(f"{title(study)}.\n")
        for line in aligned([heads(study), *rows(study)]):
            say(line)
        say()
        for sentence in sentences(study):
            say(sentence)
    if folder is not None:
        _write(study, folder, options.json)
    return 0


def _write(study: ModalityStudy, folder: Path, quiet: bool) -> None:
    """Raises WirescopeError where that is not possible."""
    from core.studies.modality_picture import picture
    from core.studies.modality_words import as_json, as_markdown

    texts = {"md": as_markdown(study), "svg": picture(study.models).svg}
    write_study(folder, "modalities", texts, as_json(study), quiet)
