"""What is lost when the program is killed: `python -m tests.benchmarks.kills [COUNT]`.

Each time a window of its own (offscreen, with the real autosave; only the engine is left out, which takes no part in
this) makes steps, some in a row and some far apart, and saves its project now and then; it says each step, and each
save that has begun or ended. It is killed (SIGKILL) after a random time, every other one just after a save has begun.
Then a start like any other looks for the work: it must be whole, and hold every step that was said a second before the
kill or earlier; the project's file must be whole too, as a save that ended left it, or one that was under way.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ALLOWED = 1.0  # seconds whose work may be lost
ROOT = Path(__file__).parents[2]


@dataclass
class Outcome:
    """Of one kill. steps: said before it. late: of them, those of the last second. lost: steps that are not there any
    more; of them, too_early: those said before the last second. broken: what could not be read."""

    steps: int = 0
    late: int = 0
    lost: int = 0
    too_early: int = 0
    saves: int = 0
    while_saving: bool = False
    broken: list[str] = field(default_factory=list)


def main(count: int) -> int:
    """Returns how many kills have lost more than they may."""
    draws = random.Random(0)
    outcomes = []
    for number in range(count):
        with tempfile.TemporaryDirectory(prefix="wirescope-kill-") as folder:
            outcomes.append(kill_one(Path(folder), draws, while_saving=number % 2 == 1))
        print(f"{number + 1:>3}: {outcomes[-1]}", flush=True)
    bad = [each for each in outcomes if each.too_early or each.broken]
    late, lost, early = (sum(getattr(each, name) for each in outcomes) for name in ("late", "lost", "too_early"))
    print(
        f"{len(outcomes)} kills, {sum(each.while_saving for each in outcomes)} while a save was under way; "
        f"{sum(each.steps for each in outcomes)} steps, {sum(each.saves for each in outcomes)} saves that ended; "
        f"steps lost: {lost - early} of {late} of the last second, {early} earlier ones; "
        f"files that cannot be read: {sum(len(each.broken) for each in outcomes)}"
    )
    return len(bad)


def kill_one(folder: Path, draws: random.Random, while_saving: bool) -> Outcome:
    """Start a window, kill it, look at what is left."""
    environment = os.environ | {
        "WIRESCOPE_STATE": str(folder / "state"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "QT_QPA_PLATFORM": "offscreen",
    }
    command = [sys.executable, "-m", "tests.benchmarks.kills", "work", str(folder), str(draws.randrange(10**6))]
    log = folder / "said"
    with log.open("wb") as said:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, start_new_session=True)
    _wait(lambda: b"step" in log.read_bytes() or process.poll() is not None)
    time.sleep(draws.uniform(0.2, 3.0))
    if while_saving:
        before = log.read_bytes().count(b"saving")
        _wait(lambda: log.read_bytes().count(b"saving") > before or process.poll() is not None)
        time.sleep(draws.uniform(0.0, 0.03))
    assert process.poll() is None, "the window has ended by itself"
    process.send_signal(signal.SIGKILL)
    killed = time.time()
    process.wait()
    return look(folder, log.read_text(), killed)


def look(folder: Path, said: str, killed: float) -> Outcome:
    """What a start like any other finds."""
    from app.features.projects.controller.sessions import sessions_left
    from core.errors import WirescopeError
    from core.project.wire_file import load_project

    lines = [line.split() for line in said.splitlines() if line.count(" ") == 2]
    steps = {number: float(at) for what, number, at in lines if what == "step"}
    saved = [int(number) for what, number, _ in lines if what == "saved"]
    saving = [int(number) for what, number, _ in lines if what == "saving"]
    outcome = Outcome(len(steps), sum(killed - at < ALLOWED for at in steps.values()), saves=len(saved))
    outcome.while_saving = len(saving) > len(saved)
    there: set[str] = set()
    path = folder / "work.wire"
    if path.exists():
        try:
            words = [step.words for step in load_project(path).steps[1:]]
            there |= set(words)
            if len(words) not in {*saved[-1:], *(number for number in saving if number >= max(saved, default=0))}:
                outcome.broken.append(f"the file has {len(words)} steps, saved were {saved[-3:]}")
        except WirescopeError as error:
            outcome.broken.append(error.message)
    elif saved:
        outcome.broken.append("the saved file is gone")
    for session in sessions_left(folder / "state" / "sessions"):
        try:
            there |= {step.words for step in load_project(session.work).steps}
        except WirescopeError as error:
            outcome.broken.append(error.message)
        session.leave()
    lost = [at for number, at in steps.items() if number not in there]
    outcome.lost = len(lost)
    outcome.too_early = sum(killed - at >= ALLOWED for at in lost)
    return outcome


def _wait(until) -> None:
    deadline = time.monotonic() + 120
    while not until():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.002)


# ---- in the process that is killed ----


class NoEngine:
    """Answers nothing."""

    def serve(self, request: object, send: object, cancelled: object) -> None:
        pass


def work(folder: Path, seed: int) -> None:
    """Make steps and save, until the end."""
    from PySide6.QtCore import QTimer

    from app.window import application
    from core.project.document import Document, Source

    app = application.application()
    window = application.make_window(NoEngine)
    window.show()
    window.controllers["projects"].start()
    project, workbench = window.controllers["projects"].project, window.workbench
    draws = random.Random(seed)
    workbench.models.open(Document("bundled:names", Source("text", "A")))
    made = 0

    def say(what: str, number: int) -> None:
        print(what, number, time.time(), flush=True)

    def step() -> None:
        nonlocal made
        made += 1
        document = Document("bundled:names", Source("text", draws.randbytes(20_000).hex()))  # saves take a while
        workbench.commit(str(made), document)
        say("step", made)
        if made % 7 == 0:
            number = sum(1 for _ in workbench.history.steps()) - 1
            say("saving", number)
            project.saving.save(lambda: say("saved", number))
        QTimer.singleShot(draws.choice((5, 20, 60, 400)), step)

    project.saving.path = folder / "work.wire"
    QTimer.singleShot(0, step)
    app.exec()


if __name__ == "__main__":
    arguments: Sequence[str] = sys.argv[1:]
    if arguments[:1] == ["work"]:
        work(Path(arguments[1]), int(arguments[2]))
    else:
        sys.exit(min(main(int(arguments[0]) if arguments else 50), 1))
