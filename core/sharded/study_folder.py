"""The folder of a study: what was asked, the pieces that are done, how far it has come, and its report.

run.json           what was asked, as that of a run over many pairs says it
pieces/            `core.studies.kept_results`
progress.json      `core.sharded.progress`, in percent of the whole
study.html, study.md, study.json    the report, when it is done
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import Cancelled, WirescopeError
from core.program_version import program_version
from core.saving import save_text
from core.sharded.asked import AskedFolder
from core.sharded.file_names import PIECES, RUN, STUDY
from core.sharded.preview import ref_of
from core.sharded.progress import PERCENT, ProgressFile, RunProgress, State, is_done

if TYPE_CHECKING:
    from core.models.model import Model
    from core.sharded.study_workers import StudyWorkers

WHOLE = 100  # percent
SHOWN = "html"  # of the report's files what a person looks at


class StudyFolder(AskedFolder):
    """Open for one process at a time: use it in a `with`. Raises InputError for a folder that another process is at
    work in, WirescopeError where it cannot be written."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(path, (PIECES,))

    @property
    def pieces(self) -> Path:
        """Where a study keeps what is done: `keep` of `study_icl`."""
        return self.path / PIECES

    @contextmanager
    def account(
        self,
        asked: Mapping[str, Any],
        command: Sequence[str] = (),
        workers: StudyWorkers | None = None,
        listener: Callable[[RunProgress], None] | None = None,
        fresh: bool = False,
    ) -> Iterator[StudyAccount]:
        """An account of what is done inside, which ends with it, whether it is done, stopped or failed. asked: by
        `asked_of`. command: what goes on with it. listener: told what `progress.json` is told. fresh: it is measured
        again, and a finished account begins anew. One that fails before anything is kept does not claim the folder: it
        may have been asked wrongly. Raises InputError for the folder of another study."""
        run = self.path / RUN
        claims = not run.exists()
        self.begin(dict(asked))
        finished = not claims and not fresh and is_done(self.path)
        file = ProgressFile(self.path, "Begins", WHOLE, WHOLE, 0, 1, command, 0.0, listener, PERCENT, finished)
        account = StudyAccount(file, workers)
        account.end("running")
        try:
            yield account
        except (KeyboardInterrupt, Cancelled):
            account.end("stopped")
            raise
        except WirescopeError as error:
            account.end("failed", str(error))
            if claims and not any(self.pieces.iterdir()):
                run.unlink(missing_ok=True)
            raise

    def write(self, account: StudyAccount, texts: Mapping[str, str]) -> None:
        """The report, by the endings of its files, which ends the account. Raises WirescopeError."""
        for ending, text in texts.items():
            save_text(self.path / f"{STUDY}.{ending}", text)
        account.end("done", result=f"{STUDY}.{SHOWN}")


class StudyAccount:
    """Tells `progress.json`. To call it is to be told as `study_icl` tells its progress."""

    def __init__(self, file: ProgressFile, workers: StudyWorkers | None) -> None:
        self._file = file
        self._workers = workers
        self._done = 0.0

    def __call__(self, words: str, share: float) -> None:
        self._done = WHOLE * share
        if self._workers is not None:
            self._file.workers = self._workers.count
        if words != self._file.title:
            self._file.part(words, self._done)
        else:
            self._file.within(share)

    def end(self, state: State, words: str = "", result: str = "") -> None:
        if state == "done":
            self._file.title = "The whole study"
            self._file.before = float(WHOLE)  # the rate of the last part is none of the whole
        self._file.end(state, float(WHOLE) if state == "done" else self._done, words, result)


def asked_of(models: Sequence[Model], what: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """All that the numbers of a study depend on, as `run.json` says it. what: its name. settings: as JSON has them. Of
    several models their names and the hashes of their weights are lists."""
    refs = [ref_of(model) for model in models]
    return {
        "work": {"what": what, **settings},
        "model": _joined([ref.name for ref in refs]),
        "precision": _joined([ref.precision for ref in refs]),
        "weights": _joined([ref.weights for ref in refs]),
        "wirescope": program_version(),
    }


def _joined(values: list[str]) -> str | list[str]:
    return values if len(set(values)) > 1 else values[0]
