"""Getting model packs from the welcome page: size first, then progress, cancel, and what went wrong."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from app.services.background_jobs import Job, Jobs
from app.workbench.model_steps import ModelSteps
from core.models import packs
from views.panels.welcome.data import PackRow
from views.panels.welcome.panel import WelcomePanel


class PacksController(QObject):
    """Joins the welcome page's pack cards to downloads. One download a pack at a time."""

    def __init__(self, page: WelcomePanel, models: ModelSteps, jobs: Jobs) -> None:
        super().__init__(page)
        self._page, self._models, self._jobs = page, models, jobs
        self.jobs: dict[str, Job] = {}
        self._progress: dict[str, tuple[float | None, str]] = {}  # of the jobs, as last told
        page.pack_requested.connect(self.get)
        page.pack_cancelled.connect(self.cancel)

    def refresh(self) -> None:
        """Show which packs are there, and how those that are on their way go."""
        self._page.set_packs(
            [
                PackRow(
                    pack.name,
                    pack.title,
                    pack.description,
                    f"{pack.download_bytes / 1e6:.0f} MB to download, {pack.installed_bytes / 1e6:.0f} MB on disk",
                    packs.is_installed(pack.name),
                    pack.licence,
                )
                for pack in packs.PACKS.values()
            ]
        )
        for name, (fraction, words) in self._progress.items():
            self._page.set_pack_progress(name, fraction, words)

    def get(self, name: str) -> None:
        """Download and install a pack in the background, and open it when it is there."""
        if name in self.jobs:
            return
        job = Job(lambda report, cancelled: packs.get(name, report, cancelled), self)
        self.jobs[name] = job
        self._page.set_problem("")
        self._tell(name, None, "Starting")
        job.progressed.connect(partial(self._show, name))
        job.finished.connect(lambda _folder: self._end(name, "", open_it=True))
        job.failed.connect(lambda message, hint: self._end(name, f"{message} {hint}".strip()))
        job.cancelled.connect(lambda: self._end(name, ""))
        self._jobs.run(job)

    def cancel(self, name: str) -> None:
        if name in self.jobs:
            self._tell(name, None, "Cancelling")
            self.jobs[name].cancel()

    def _show(self, name: str, done: int, total: int, words: str) -> None:
        fraction = done / total if total else None
        if total > 1_000_000:
            words = f"{words}: {done / 1e6:.0f} of {total / 1e6:.0f} MB"
        self._tell(name, fraction, words)

    def _tell(self, name: str, fraction: float | None, words: str) -> None:
        self._progress[name] = fraction, words
        self._page.set_pack_progress(name, fraction, words)

    def _end(self, name: str, problem: str, open_it: bool = False) -> None:
        del self.jobs[name], self._progress[name]
        self.refresh()
        self._page.set_problem(problem)
        if open_it and not self._page.isHidden():
            self._models.open_model(f"pack:{name}")
