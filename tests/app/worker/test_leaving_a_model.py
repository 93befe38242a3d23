"""A model that is left is freed at once, and its memory goes back to the system."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import replace

from app.features.registry import handler_modules
from app.worker import service
from app.worker.service import WorkerService
from core import generation
from core.edits import Edit
from core.nodes import Node
from tests.app.models import CLEAN
from tests.app.person import Person


def test_a_model_that_is_left_is_freed_before_memory_is_given_back(
    sit_down: Callable[..., Person], models, monkeypatch
) -> None:
    sides: list[WorkerService] = []
    person = sit_down(lambda: sides.append(WorkerService(handler_modules)) or sides[-1])
    person.open(models.gpt2, CLEAN)
    copies: list[weakref.ref] = []
    apply = generation.apply
    monkeypatch.setattr(generation, "apply", lambda *of: copies.append(weakref.ref(made := apply(*of))) or made)
    person.workbench.commit("Cut", replace(person.workbench.document, edits=(Edit(Node("mlp", 0), "zero"),)))
    panel = person.panel("predictions").continuation
    panel.tokens.setValue(2)  # more could come: what it takes is kept
    person.window.commands["continue"].trigger()
    person.rest()
    assert [copy() is not None for copy in copies] == [True]
    module = weakref.ref(sides[0].session.model.adapter.module)
    gone: list[bool] = []
    monkeypatch.setattr(service, "give_back", lambda: gone.append(module() is None))
    person.open(models.llama, CLEAN)
    assert gone
    assert gone[0]
    assert module() is None
    assert copies[0]() is None
