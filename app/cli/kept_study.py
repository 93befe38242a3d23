"""A study whose long parts are pieces: its options, among whom they are shared, and the folder that keeps them."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from app.cli.arguments import add_device_option
from app.cli.open_model import add_weights_option
from app.cli.output import say
from app.cli.progress import Progress
from app.cli.workers import add_worker_options, check_workers, study_workers, tell_going_on
from core.sharded.free_folder import check_folder

if TYPE_CHECKING:
    from core.models.model import Model

S = TypeVar("S")
FOLDER_HELP = (
    "keep what is done here, and how far it has come, and write the report here: the same command goes on with a study "
    "that was stopped or killed (the user's cache, without a report)"
)
LONGEST = 100  # characters of a setting that is written out


def add_study_options(parser: argparse.ArgumentParser, whose: str, written: str) -> None:
    """Those that every study has. whose: "the model computes". written: what is written into `--out`."""
    parser.add_argument(
        "--fresh", action="store_true", help="measure again what an earlier, stopped study has measured"
    )
    parser.add_argument("--folder", metavar="DIR", help=FOLDER_HELP)
    add_worker_options(parser)
    add_device_option(parser)
    parser.add_argument("--precision", help=f"what {whose} in: fp32, bf16 or fp64 (fp32)")
    add_weights_option(parser)
    parser.add_argument("--out", metavar="FOLDER", help=f"write {written}")
    parser.add_argument("--json", action="store_true", help="print JSON")


def check_study_options(options: argparse.Namespace) -> None:
    """Raise ArgumentError for what does not go together, InputError for a folder that a run cannot have, before a model
    is opened."""
    check_workers(options)
    if options.folder is not None:
        check_folder(Path(options.folder))


def do_study(
    options: argparse.Namespace,
    name: str,
    begin: Callable[[], tuple[Sequence[Model], Mapping[str, Any]]],
    study: Callable[..., S],
    report: Callable[[S], Mapping[str, str]],
) -> S | None:
    """What a study gives; None where it was stopped by Ctrl+C, with how to go on told. name: of the command. begin:
    opens the models, and gives all that the numbers depend on beside them. study: told both, and `fresh`, `workers`,
    `progress` and `keep` by name. report: texts by the endings of the files that go into the folder. Raises
    what these raise."""
    from core.sharded.study_folder import StudyFolder, asked_of

    try:
        with Progress() as progress, study_workers(options, progress) as workers:
            models, settings = begin()
            ask = partial(study, models, settings, fresh=options.fresh, workers=workers)
            if options.folder is None:
                return ask(progress=progress, keep=True)
            with StudyFolder(options.folder) as folder:
                plain = {each: _plain(value) for each, value in settings.items()}
                asked = asked_of(models, f"study {name}", plain)
                with folder.account(asked, _going_on(options), workers, fresh=options.fresh) as account:

                    def told(words: str, share: float) -> None:
                        progress(words, share)
                        account(words, share)

                    result = ask(progress=told, keep=folder.pieces)
                    folder.write(account, report(result))
            return result
    except KeyboardInterrupt:
        place = "kept" if options.folder is None else f"in {options.folder}"
        tell_going_on(f"; what is done is {place}", _going_on(options))
        return None


def tell_report(options: argparse.Namespace) -> None:
    """Where the report of a study is that had a folder."""
    if options.folder is not None and not options.json:
        say(f"The report is {Path(options.folder) / 'study.html'}.")


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
