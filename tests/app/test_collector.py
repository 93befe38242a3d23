"""The garbage collector after a start: a model that was there then is given back once another one is open."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from app.collector import rest_until_idle
from tests.app.models import CLEAN
from tests.app.person import Person


@pytest.fixture
def resting(person: Person) -> Iterator[Person]:
    rest_until_idle(person.bench)
    yield person
    gc.unfreeze()
    gc.enable()


def test_all_is_looked_at_again_once_another_model_is_open(resting: Person, models) -> None:
    assert not gc.isenabled()
    resting.open(models.gpt2, CLEAN)
    assert gc.isenabled()
    assert gc.get_freeze_count()
    resting.open(models.gpt2, CLEAN[:-4])
    assert gc.get_freeze_count()
    resting.open(models.vit, None)
    assert not gc.get_freeze_count()


def test_a_model_that_does_not_open_ends_the_rest_too(resting: Person) -> None:
    resting.window.opener.open_model("/no/such/folder")
    resting.wait(resting.dialogs)
    resting.rest()
    assert "There is no folder" in resting.dismiss()
    assert gc.isenabled()
