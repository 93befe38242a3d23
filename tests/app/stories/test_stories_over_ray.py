"""Stories of the window once more, told by windows whose work an actor of a cluster does: one actor for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from app.workbench.remote_worker import RemoteWorker
from tests.app.person import Person
from tests.app.stories import test_stories_of_pictures as pictures
from tests.app.stories import test_stories_of_words as words
from tests.app.stories import test_stories_of_work as work
from tests.ray_cluster import ray_cluster  # noqa: F401

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")  # nor imported before its time

test_a_wire_is_cut = words.test_the_strongest_wire_is_cut_and_the_answer_changes
test_a_head_is_found = words.test_the_head_that_reads_the_next_token_is_found_and_taken_out
test_a_circuit_is_traced = words.test_a_circuit_is_traced_kept_and_handed_on
test_a_head_is_cut_at_one_token = words.test_a_head_is_cut_at_one_token_on_the_second_level
test_a_region_is_blurred = pictures.test_a_region_is_blurred_and_a_head_patched_there
test_a_branch_of_edits = pictures.test_three_edits_a_branch_and_the_way_back
test_means_over_a_task = work.test_means_are_taken_over_the_rows_of_a_task
test_a_group_is_edited = work.test_a_group_is_named_coloured_and_edited_together


@pytest.fixture(scope="module")
def link(ray_cluster) -> Iterator[Any]:  # noqa: F811
    from app.worker.ray_home import Cluster

    cluster = Cluster()  # the one that this process has joined
    link = cluster.start(cluster.places()[0])
    link.asked = 0  # requests that it has served
    close, link.close = link.close, lambda: None  # it stays when a window ends
    yield link
    close()


@pytest.fixture
def person(sit_down: Callable[[], Person], link: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    """Somebody at a new window without a model, whose worker is the actor."""
    monkeypatch.setattr("app.workbench.remote_worker.POLL", 0.2)
    person = sit_down()
    workbench = person.workbench
    workbench._client._number = link.asked
    worker, answers = RemoteWorker(link), []
    worker.replied.connect(answers.append)
    workbench.homes.move(worker)
    yield person
    assert answers
    link.asked = workbench._client._number
