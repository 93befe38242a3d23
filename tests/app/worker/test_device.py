"""A worker opens models on its device, and brings what is there before it makes arrays of it."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from app.features.compare import handlers as compare
from app.features.inspector.queries import NeuronsQuery
from app.features.lens_map.queries import LensMapQuery
from app.features.lenses.queries import MovedQuery, PushedQuery, TokensQuery
from app.features.patch_map.queries import MapQuery
from app.features.registry import handler_modules
from app.messages.places import Place
from app.messages.replies import (
    DeltasReply,
    InputsReply,
    InspectionReply,
    ModelReply,
    RecoveryReply,
    RunReply,
    ScoresReply,
)
from app.messages.request import FailureReply, Query, QueryRefusal, Reply, Request
from app.messages.room import RoomReply
from app.worker import node_facts, ray_home, room, service
from app.worker.ray_home import Cluster
from app.worker.ray_link import RayLink
from app.worker.service import WorkerService
from core import free_memory
from core.checkpoints import opened
from core.checkpoints.opened import SeriesModel
from core.edits import Edit
from core.errors import ModelError
from core.graph import Edge, Node, Reader
from core.models.checkpoint import stored_weights
from core.models.loading import load_model
from core.project.document import Document, PairSource, Source
from core.project.metric_choice import MetricChoice
from core.project.trace_choice import TraceChoice
from resources.models.planted.make import FOLDER as PLANTED
from resources.samples.make import FOLDER as SAMPLES
from tests.app.worker.test_depends_on import NOT_KEPT
from tests.app.worker.test_depends_on import queries as usual_queries
from tests.several_devices import room_for, several_devices

HEAD, MLP = Node("head", 1, 0), Node("mlp", 0)
TEXTS = Source("text", "When Mary gave a drink to"), Source("text", "When Tom gave a drink to")
NAMES = Document("bundled:names", *TEXTS, MetricChoice("logit_difference", " Mary", " Tom"))
PICTURES = tuple(Source("image", path=str(SAMPLES / "shapes" / f"{each}.png")) for each in ("circle", "square"))
SHAPES = Document("bundled:shapes", *PICTURES)
EDITS = (Edit(HEAD, "patch"), Edit(MLP, "mean"), Edit(Edge(MLP, Reader("logits")), "zero"))
OF_BOTH = (LensMapQuery(), MovedQuery(HEAD), TokensQuery(True), NeuronsQuery(MLP))
PARTS = {ModelReply, InputsReply, RunReply, DeltasReply, InspectionReply, ScoresReply, RecoveryReply}
META = torch.device("meta")
GIB = 1 << 30


def served(worker: WorkerService, request: Request) -> list[Reply]:
    replies: list[Reply] = []
    worker.serve(request, replies.append, lambda: False)
    return replies


# ---- what is read from a device ----


@pytest.mark.parametrize(
    ("document", "queries"),
    [
        (replace(NAMES, dataset=(PairSource(*TEXTS, " Mary", " Tom"),)), (PushedQuery(HEAD),)),
        (SHAPES, (MapQuery(),)),
    ],
    ids=["names", "shapes"],
)
def test_a_worker_reads_no_tensor_of_another_device_without_bringing_it(
    document: Document, queries: tuple[Query, ...]
) -> None:
    """Layers of the model lie on two GPUs and the CPU."""
    traced = replace(document, edits=EDITS, traced=TraceChoice(), size=12)
    model = load_model(document.model)
    usual = (query for query in usual_queries(model.graph) if type(query) not in NOT_KEPT)
    request = Request(1, traced, inspect=HEAD, recover=True, queries=(*usual, *OF_BOTH, *queries))
    with several_devices(room_for(model, 1, 1)) as devices:
        replies = served(WorkerService(handler_modules, device="auto"), request)
    assert [each for each in replies if isinstance(each, FailureReply | QueryRefusal)] == []
    assert set(map(type, replies)) >= PARTS
    assert devices.moved
    (opened,) = (each for each in replies if isinstance(each, ModelReply))
    assert opened.details.endswith("fp32 · cuda:0, cuda:1, cpu")
    here = served(WorkerService(handler_modules), request)
    assert np.allclose(scores(replies), scores(here), rtol=1e-4, atol=1e-6)


def scores(replies: list[Reply]) -> np.ndarray:
    (*_, last) = (each for each in replies if isinstance(each, ScoresReply))
    return last.ranking.values


# ---- where models are opened ----


def test_a_worker_opens_models_on_its_device(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    model = load_model("bundled:names")
    monkeypatch.setattr(service, "load_model", lambda _name, **told: asked.append(told["device"]) or model)
    for device in ("cuda", "cpu"):
        served(WorkerService(device=device), Request(1, Document("bundled:names")))
    served(WorkerService(), Request(1, Document("bundled:names")))
    assert asked == ["cuda", "cpu", "cpu"]


def test_other_models_are_opened_where_the_first_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another checkpoint, and the model of a circuit that is compared."""
    asked: list[Any] = []

    def load(_name: str, **told: Any) -> None:
        asked.append(told["device"])
        raise ModelError("It is not there.")

    for module in (opened, compare):
        monkeypatch.setattr(module, "load_model", load)
    first = SimpleNamespace(
        name="first", unrounded=None, adapter=SimpleNamespace(device=META, blocks=[nn.Linear(1, 1, device="cpu")])
    )
    series: Any = SimpleNamespace(index=lambda _name: None, at=lambda step: SimpleNamespace(name=f"step {step}"))
    series.swaps = False
    cache: Any = SimpleNamespace(session=SimpleNamespace(model=first))
    for made in (SeriesModel(series, opened=first), SeriesModel(series)):
        with pytest.raises(ModelError):
            made.at(1)
    with pytest.raises(ModelError):
        compare._cache_of(SHAPES, "", Request(1, NAMES), cache, lambda _: None)
    assert asked == ["meta,cpu", "cpu", "meta,cpu"]


def test_where_there_is_no_such_device_that_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    replies = served(WorkerService(device="cuda"), Request(1, NAMES))
    (failure,) = (each for each in replies if isinstance(each, FailureReply))
    assert failure.where == "model"
    assert failure.message == "This machine has no cuda device that PyTorch can use."


def test_weights_that_do_not_fit_onto_a_gpu_are_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a GPU they are neither left on disk nor, unasked, rounded."""
    folder = PLANTED / "trojan-poisoned"
    numbers = sum(each.numbers for each in stored_weights(folder).values())
    request = Request(1, Document(str(folder), precision="bf16"), asks=frozenset({"model"}))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(room, "free_bytes", lambda: GIB)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _device: (1000, 2000))
    assert room.short_of_room_to_open(request, "cuda") == RoomReply(1, "model", 2 * numbers, 1000)
    assert room.short_of_room_to_open(request) is None
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _device: (GIB, GIB))
    assert room.short_of_room_to_open(request, "cuda") is None
    monkeypatch.setattr(room, "free_bytes", lambda: 1000)
    assert room.short_of_room_to_open(request, "cuda") is None  # they go there from their file
    monkeypatch.setattr(room, "stays_on_disk", lambda _folder: False)  # they are read into memory first
    assert room.short_of_room_to_open(request, "cuda") == RoomReply(1, "model", 4 * numbers, 1000)


def test_what_is_free_on_a_node_is_bounded_by_its_control_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free_memory, "group_rooms", lambda _root: [12_345])
    assert node_facts.node_facts()["free"] == 12_345


# ---- what a worker reserves ----


def test_a_place_says_what_is_free_on_a_gpu_and_whether_ray_lends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    told = "NVIDIA A100, 40960, 10240\nNVIDIA A100, 40960, 20480\nno GPU\n"
    monkeypatch.setattr(node_facts, "_gpus", lambda: node_facts.gpu_rows(told))
    nodes = [
        {"NodeID": "n1", "Alive": True, "Resources": {"CPU": 8.0}},
        {"NodeID": "n2", "Alive": True, "Resources": {"CPU": 8.0, "GPU": 2.0}},
        {"NodeID": "n3", "Alive": False, "Resources": {"GPU": 2.0}},
    ]
    task = SimpleNamespace(options=lambda **_: SimpleNamespace(remote=node_facts.node_facts))
    ray = SimpleNamespace(nodes=lambda: nodes, remote=lambda _: task, get=lambda facts, timeout: facts)
    ray.wait = lambda references, **_: (references, [])
    ray.exceptions, ray.is_initialized = SimpleNamespace(), lambda: False
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setattr(ray_home, "why_not", lambda: "")
    monkeypatch.setattr(ray_home, "set_environment", lambda _address: None)
    monkeypatch.setattr(ray_home.local_cluster, "join_options", lambda *_: {})
    monkeypatch.setattr(ray_home, "_join", lambda *_: None)
    monkeypatch.setattr(Cluster, "options", lambda *_: {})
    places = Cluster("ray://localhost:10001").places()
    assert [(each.node, each.lent, each.gpus, each.gpus_to_be_had) for each in places] == [
        ("n2", 2, 2, 2),
        ("n1", 0, 2, 0),
    ]
    assert {(each.gpu_most_free, each.gpu_free, each.gpu_memory) for each in places} == {(20 * GIB, 30 * GIB, 80 * GIB)}


@pytest.mark.parametrize(("device", "gpus"), [("cpu", None), ("cuda", 1), ("auto", 2)])
def test_gpus_are_reserved_only_where_they_are_chosen(
    device: str, gpus: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserved: list[Any] = []
    made: list[Any] = []
    actor = SimpleNamespace(remote=lambda make, **_: made.append(make))
    ray = SimpleNamespace(
        remote=lambda _side: SimpleNamespace(options=lambda **told: reserved.append(told.get("num_gpus")) or actor),
        exceptions=SimpleNamespace(),
    )
    monkeypatch.setitem(sys.modules, "ray", ray)
    cluster: Any = SimpleNamespace(is_local=True, options=lambda _node: {})
    link = RayLink(cluster, Place("n1", "node-7", 8, GIB, GIB, gpus=3, gpu_most_free=GIB, lent=2), device)
    link.restart()  # as where it has died
    assert reserved == [gpus, gpus]
    assert [make()._device for make in made] == [device, device]
