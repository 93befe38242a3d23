"""On how many threads torch works for a model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from app.cli import open_model
from app.messages.replies import InputsReply
from app.messages.request import FailureReply, Request
from app.worker import threads
from app.worker.service import WorkerService
from core.project.document import Document, Source
from core.project.examples import example
from tests.app.models import CLEAN


@pytest.fixture(autouse=True)
def two_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As on a machine of two processors."""
    before = torch.get_num_threads()
    monkeypatch.setattr(threads, "_usual", 2)
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_the_engine_runs_a_small_model_on_one_thread_and_any_other_on_as_many_as_before(models, monkeypatch) -> None:
    side = WorkerService()
    names = Request(1, example("names/0").document)
    ran_on: dict[str, int] = {}

    def send(answer: object) -> None:
        if isinstance(answer, InputsReply):
            ran_on[side.session.model.name] = torch.get_num_threads()

    side.serve(names, send, lambda: False)
    monkeypatch.setattr(threads, "SMALL", 1000)
    large = Document(str(models.gpt2), Source("text", CLEAN))
    side.serve(Request(2, large), send, lambda: False)
    assert ran_on == {"bundled:names": 1, str(models.gpt2): 2}


def test_a_model_that_does_not_open_changes_nothing_for_the_one_before(models) -> None:
    side = WorkerService()
    small = Document(str(models.gpt2), Source("text", CLEAN))
    answers: list[object] = []
    side.serve(Request(1, small), answers.append, lambda: False)
    side.serve(Request(2, Document("/no/such/model")), answers.append, lambda: False)
    assert isinstance(answers[-1], FailureReply)
    side.serve(Request(3, small), answers.append, lambda: False)
    assert torch.get_num_threads() == 1


def test_commands_run_a_small_model_on_one_thread_and_any_other_on_as_many_as_before(models, monkeypatch) -> None:
    open_model.open_model("bundled:shapes")
    assert torch.get_num_threads() == 1
    monkeypatch.setattr(threads, "SMALL", 1000)
    open_model.open_model(str(models.gpt2))
    assert torch.get_num_threads() == 2
