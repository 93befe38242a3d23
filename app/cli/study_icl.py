"""`wirescope study icl`: how much of in-context learning two kinds of heads account for, and how much they leave."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.cli.arguments import MODEL_HELP, seed_number
from app.cli.kept_study import add_study_options, check_study_options, do_study, tell_report
from app.cli.study_folder import made_folder, write_texts
from app.cli.workers import STOPPED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from core.graph import Graph
    from core.models.model import Model
    from core.studies.head_sets import Ranking
    from core.studies.icl import IclStudy

WORDS = "how much of in-context learning induction heads and function-vector heads account for, and what is left"
EXAMPLES = """
wirescope study icl --model bundled:names
wirescope study icl --model pack:smollm2 --text book.txt --out icl
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    add_shared_options(parser)
    parser.set_defaults(do=study_icl_command)


def add_shared_options(parser: argparse.ArgumentParser) -> None:
    """Of all studies of head sets."""
    parser.add_argument("--model", required=True, help=MODEL_HELP)
    parser.add_argument("--text", metavar="PATH", help="running text: a file or a folder of them (Wirescope's guides)")
    parser.add_argument("--task", action="append", help="a bundled few-shot task; several times for several (all)")
    parser.add_argument("--shots", type=int, default=5, help="examples in a prompt (5)")
    parser.add_argument(
        "--prompts", type=int, default=4, help="of each task to judge on, and as many to score heads (4)"
    )
    parser.add_argument("--pieces", type=int, default=6, help="of text, and rows of random tokens (6)")
    parser.add_argument(
        "--share", type=float, action="append", help="of the heads in percent; may be repeated (1 5 10 20)"
    )
    parser.add_argument("--main", type=float, default=10, help="the share with controls and other ablations (10)")
    parser.add_argument(
        "--ablation", action="append", help="of the main share: mean, zero or resample; may be repeated (all three)"
    )
    parser.add_argument("--by", default="mean", help="the ablation of every share: mean, zero or resample (mean)")
    parser.add_argument("--draws", type=int, default=20, help="of each control (20)")
    parser.add_argument("--seed", type=seed_number, default=0, help="draws prompts, tokens and controls (0)")
    add_study_options(parser, "the model computes", "the report and its numbers there: html, md, json")


def study_icl_command(options: argparse.Namespace) -> int:
    return study_head_sets(options, None, "icl")


def study_head_sets(
    options: argparse.Namespace, rank: Callable[[Graph], Sequence[str | Ranking]] | None, name: str
) -> int:
    """Do the study, and tell it. rank: how heads of a graph are ranked; None: as usual. name: of the files."""
    from app.cli.open_model import open_model
    from core.studies.icl import study_icl
    from core.studies.icl_report import report_texts

    check_study_options(options)
    out = None if options.out is None else made_folder(options.out)
    given = _given(options)
    named = {} if options.text is None else {"text_name": options.text}  # no number has it

    def begin() -> tuple[list[Model], dict[str, Any]]:
        model = open_model(options.model, options.precision, options.device, options.weights)
        return [model], given if rank is None else {**given, "rank": rank(model.graph)}

    def asked(models: Sequence[Model], settings: Mapping[str, Any], **how: Any) -> IclStudy:
        return study_icl(models[0], **settings, **named, **how)

    study = do_study(options, name, begin, asked, report_texts)
    if study is None:
        return STOPPED
    _tell(study, options.json)
    tell_report(options)
    if out is not None:
        write_texts(out, name, report_texts(study), options.json)
    return 0


def _given(options: argparse.Namespace) -> dict[str, Any]:
    """The arguments of `study_icl` that its numbers depend on, but how heads are ranked. Raises InputError for a text
    that cannot be read."""
    from core.studies.corpus import text_of

    given: dict[str, Any] = {
        "tasks": options.task,
        "shots": options.shots,
        "prompts": options.prompts,
        "pieces": options.pieces,
        "main": options.main / 100,
        "main_kind": options.by,
        "draws": options.draws,
        "seed": options.seed,
    }
    if options.text is not None:
        given["text"] = text_of(options.text)
    if options.share:
        given["shares"] = [share / 100 for share in options.share]
    if options.ablation:
        given["kinds"] = options.ablation
    return given


def _tell(study: IclStudy, as_numbers: bool) -> None:
    from app.cli.output import say, say_json
    from app.cli.tables import aligned
    from core.studies.icl_table import heads_row, rows
    from core.studies.icl_words import as_json, sentences, title

    if as_numbers:
        say_json(as_json(study))
        return
    say(f"{title(study)}: shares lost.\n")
    for line in aligned([heads_row(study), *rows(study)]):
        say(line)
    say()
    for sentence in sentences(study):
        say(sentence)
