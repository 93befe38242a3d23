"""A door to almost nothing, for tests of the door itself."""

from __future__ import annotations

import threading
from typing import Annotated

from msgspec import Meta

from core.door.tool import Answer, Call, Parameters, Tool
from core.errors import Cancelled, InputError


class Add(Parameters, frozen=True, kw_only=True):
    """What is added."""

    number: Annotated[int, Meta(ge=0, le=10)]


class Counter:
    """What the toy tools work on. started, left: of a call that waits until nobody waits for it."""

    def __init__(self) -> None:
        self.value = 0
        self.started, self.left = threading.Event(), threading.Event()


def add(counter: Counter, told: Add, call: Call) -> Answer:
    """Count."""
    call.tell("adding", 0.5)
    counter.value += told.number
    return {"words": f"It is {counter.value}.", "value": counter.value}


def refuse(counter: Counter, told: Parameters, call: Call) -> Answer:
    """What users are told."""
    raise InputError("This cannot be.", "Do another thing.")


def fail(counter: Counter, told: Parameters, call: Call) -> Answer:
    """A fault of the program, whose words are none for strangers."""
    raise ValueError("/home/somebody/secret")


def stay(counter: Counter, told: Parameters, call: Call) -> Answer:
    """Work until nobody waits."""
    counter.started.set()
    while not call.cancelled():
        counter.left.wait(0.01)
    counter.left.set()
    raise Cancelled


TOOLS: tuple[Tool[Counter], ...] = (
    Tool("add", "Add", "Adds a number to what is there.", Add, add, changes=True),
    Tool("refuse", "Refuse", "Refuses.", Parameters, refuse),
    Tool("fail", "Fail", "Fails.", Parameters, fail),
    Tool("stay", "Stay", "Stays until nobody waits.", Parameters, stay),
)
