"""`wirescope study icl`: how much of in-context learning two kinds of heads account for, and how much they leave."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.arguments import MODEL_HELP, add_device_option
from app.cli.open_model import add_weights_option
from app.cli.study_folder import made_folder, write_texts
from app.cli.workers import STOPPED, add_worker_options, check_device, study_workers, tell_going_on
from core.sharded.free_folder import check_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.models.model import Model
    from core.sharded.study_workers import StudyWorkers
    from core.studies.head_sets import Ranking
    from core.studies.icl import IclStudy

FOLDER_HELP = (
    "keep what is done here, and how far it has come, and write the report here: the same command goes on with a study "
    "that was stopped or killed (the user's cache, without a report)"
)
LONGEST = 100  # characters of a setting that is written out
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
    parser.add_argument("--seed", type=int, default=0, help="draws prompts, tokens and controls (0)")
    parser.add_argument(
        "--fresh", action="store_true", help="measure again what an earlier, stopped study has measured"
    )
    parser.add_argument("--folder", metavar="DIR", help=FOLDER_HELP)
    add_worker_options(parser)
    add_device_option(parser)
    parser.add_argument("--precision", help="what the model computes in: fp32, bf16 or fp64 (fp32)")
    add_weights_option(parser)
    parser.add_argument("--out", metavar="FOLDER", help="write the report and its numbers there: html, md, json")
    parser.add_argument("--json", action="store_true", help="print JSON")


def study_icl_command(options: argparse.Namespace) -> int:
    return study_head_sets(options, None, "icl")


def study_head_sets(options: argparse.Namespace, rank: Sequence[str | Ranking] | None, name: str) -> int:
    """Do the study, and tell it. rank: how heads are ranked; None: as usual. name: of the files."""
    from app.cli.open_model import open_model
    from app.cli.output import say
    from app.cli.progress import Progress
    from core.studies.icl import study_icl

    check_device(options)
    if options.folder is not None:
        check_folder(Path(options.folder))
    out = None if options.out is None else made_folder(options.out)
    given = _given(options, rank)
    try:
        with study_workers(options) as workers, Progress() as progress:
            model = open_model(options.model, options.precision, options.device, options.weights)
            if options.folder is None:
                study = study_icl(model, fresh=options.fresh, workers=workers, progress=progress, **given)
            else:
                study = _in_folder(options, model, given, name, workers, progress)
    except KeyboardInterrupt:
        place = "kept" if options.folder is None else f"in {options.folder}"
        tell_going_on(f"; what is done is {place}", _going_on(options))
        return STOPPED
    _tell(study, options.json)
    if options.folder is not None and not options.json:
        say(f"The report is {Path(options.folder) / 'study.html'}.")
    if out is not None:
        _write(study, out, name, options.json)
    return 0


def _given(options: argparse.Namespace, rank: Sequence[str | Ranking] | None) -> dict[str, Any]:
    """The arguments of `study_icl` that its numbers depend on."""
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
        given |= {"text": text_of(options.text), "text_name": options.text}
    if rank is not None:
        given["rank"] = rank
    if options.share:
        given["shares"] = [share / 100 for share in options.share]
    if options.ablation:
        given["kinds"] = options.ablation
    return given


def _in_folder(
    options: argparse.Namespace,
    model: Model,
    given: dict[str, Any],
    name: str,
    workers: StudyWorkers | None,
    progress: Callable[[str, float], None],
) -> IclStudy:
    """The study, with what is done, how far it has come and its report in a folder."""
    from core.sharded.study_folder import StudyFolder, asked_of
    from core.studies.icl import study_icl
    from core.studies.icl_report import report_texts

    with StudyFolder(options.folder) as folder:
        settings = {each: _plain(value) for each, value in given.items() if each != "text_name"}  # no number has it
        asked = asked_of(model, f"study {name}", settings)
        with folder.account(asked, _going_on(options), workers, fresh=options.fresh) as account:

            def told(words: str, share: float) -> None:
                progress(words, share)
                account(words, share)

            study = study_icl(model, fresh=options.fresh, keep=folder.pieces, workers=workers, progress=told, **given)
            folder.write(account, report_texts(study))
    return study


def _plain(value: Any) -> Any:
    """A setting as a run's file says it: a text by its hash, rankings by their names and scores."""
    if isinstance(value, str) and len(value) > LONGEST:
        return hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()
    if not isinstance(value, list):
        return value
    return [each if isinstance(each, str | float) else [each.name, each.scores.tolist()] for each in value]


def _going_on(options: argparse.Namespace) -> tuple[str, ...]:
    """The arguments of a command that goes on with this one."""
    return tuple(each for each in options.arguments if each != "--fresh")


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


def _write(study: IclStudy, folder: Any, name: str, quiet: bool) -> None:
    from core.studies.icl_report import report_texts

    write_texts(folder, name, report_texts(study), quiet)
