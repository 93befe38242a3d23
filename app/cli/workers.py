"""Processes that share the long work of a command: their options, and a study among them."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING

from app.cli.output import tell
from core.errors import ArgumentError

if TYPE_CHECKING:
    from app.cli.progress import Progress
    from core.sharded.study_workers import StudyWorkers

STOPPED = 130  # what a command that was stopped ends with


def add_worker_options(parser: argparse._ActionsContainer) -> None:
    parser.add_argument("--workers", type=int, metavar="N", help="processes that share the work (this one alone)")
    parser.add_argument(
        "--cluster", metavar="auto|ADDRESS", help="a Ray cluster that shares it: HOST:PORT, ray://HOST:PORT"
    )


def check_workers(options: argparse.Namespace) -> None:
    """Raise ArgumentError for a device where workers do the work, for a number of them and an address that cannot be,
    WirescopeError without Ray: before a model is opened."""
    if options.workers is None and options.cluster is None:
        return
    from core.sharded.executors import Workers

    Workers(options.workers, options.cluster)
    if options.device != "cpu":
        raise ArgumentError("Workers compute on processors.", "Leave out --device, or --workers and --cluster.")


@contextmanager
def study_workers(options: argparse.Namespace, progress: Progress) -> Iterator[StudyWorkers | None]:
    """Who does the pieces of a study; None: this process. progress: where it is said that Ray takes long to start.
    Raises ArgumentError."""
    if options.workers is None and options.cluster is None:
        yield None
        return
    from core.sharded.study_workers import StudyWorkers

    with (
        redirect_stdout(sys.stderr),  # on which Ray tells of deaths
        StudyWorkers(options.workers, options.cluster, progress.tell) as workers,
    ):
        yield workers


def tell_going_on(done: str, arguments: Sequence[str]) -> None:
    """That the command was stopped, and how it goes on. done: what is kept, and where."""
    tell(f"Stopped{done}. To go on:")
    tell(f"  wirescope {shlex.join(arguments)}")
