"""One local Ray cluster of two processors for all tests of a process: it takes seconds to start.

Use: `from tests.ray_cluster import ray_cluster` in a test file, and the fixture `ray_cluster` in its tests. Without Ray
they are skipped.
"""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from core.code_path import python_path
from core.local_cluster import set_environment, start_cluster

STORE_BYTES = 80_000_000


def imported_ray() -> Any:
    """The module, imported as the program imports it: it reads the environment then, for all tests of the process.
    Skips the test without it."""
    set_environment()
    return pytest.importorskip("ray")


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[Any]:
    """The module `ray`, joined to a cluster of this machine: two processors, no dashboard, loopback alone."""
    before = dict(os.environ)
    os.environ.update(PYTHONPATH=python_path())  # its processes run this clone
    ray = imported_ray()
    if ray.is_initialized():  # by another file, which ends it
        yield ray
        os.environ.clear()
        os.environ.update(before)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Ray's own
        start_cluster(2, STORE_BYTES, namespace="wirescope")
    yield ray
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of processes that Ray leaves to be collected
        ray.shutdown()
        gc.collect()
    os.environ.clear()
    os.environ.update(before)
