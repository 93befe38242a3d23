"""The bench of circuits in vision: what it inpaints, how it chooses circuits, and that its figures are those of the
circuits that it names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import numpy as np
import pytest

import wirescope as ws
from core.inputs.generators import shapes
from tests.benchmarks import vision, vision_cases, vision_circuits
from tests.benchmarks.vision_cases import Case, merged, object_mask, of_shapes


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    made = of_shapes(2, 2, tmp_path_factory.mktemp("pictures"))
    return replace(made, classes=shapes.LABELS[:2], single=shapes.LABELS[:1])


def test_the_whole_shape_is_inpainted_and_no_more_than_its_circle() -> None:
    scene = shapes.sample_scene(Random(3), 2)
    mask = np.asarray(object_mask(scene, (64, 64))) > 0
    middle = [int(64 * scene.y), int(64 * scene.x)]
    assert mask[middle[0], middle[1]]
    assert 0.9 < mask.sum() / (np.pi * (vision_cases.OBJECT * scene.radius * 64) ** 2) < 1.15


def test_the_tables_tell_of_all_classes_and_of_each(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    case = replace(case, slow=True)  # nothing is learned
    monkeypatch.setattr(vision, "FRACTIONS", (0.1, 1.0))
    monkeypatch.setattr(vision_circuits, "attributed", vision_circuits.random)
    found, judged = ({name: case.dataset(name, 2, seed) for name in case.classes} for seed in (0, 1))
    table = vision.all_classes(case, found, judged)
    assert table.title.endswith(table.rows[0][2]), "with all edges it is the whole model"
    assert len(table.heads) == len(table.rows[0])
    right, called = vision.one_class(case, found, judged).rows[0][2].split(", ")
    assert right == "100 %"
    assert called == "0 %"


def test_a_dataset_of_all_classes_takes_them_in_turn(case: Case) -> None:
    whole = merged(case.dataset(name, 2, 0) for name in case.classes)
    assert [answer[0] for answer in whole.answers] == [*case.classes, *case.classes]


def test_circuits_of_nodes_have_all_edges_between_them_and_no_more_than_asked_for(case: Case) -> None:
    graph, asked = case.model.graph, [20, 100, case.model.graph.n_edges]
    ways = vision_circuits.attributed(case.model, case.dataset("circle", 2, 0), asked)
    circuits = ways[vision_circuits.NODES]
    assert all(len(circuit) <= size for circuit, size in zip(circuits, asked, strict=True))
    assert len(circuits[-1]) == graph.n_edges
    middle = circuits[1]
    writers, readers = {edge.writer for edge in middle}, {edge.reader for edge in middle}
    between = [edge for edge in graph.edges if edge.writer in writers and edge.reader in readers]
    assert {edge.name for edge in between} == set(middle.names)


def test_edge_pruning_gives_a_circuit_of_each_size_the_same_each_time(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vision_circuits, "UPDATES", 2)
    pairs, asked = case.dataset("circle", 2, 0), [20, 100]
    first, again = (vision_circuits.learned(case.model, pairs, asked)[vision_circuits.LEARNED] for _ in range(2))
    assert [len(set(circuit.names)) for circuit in first] == asked
    assert [circuit.names for circuit in first] == [circuit.names for circuit in again]


def test_a_circuit_of_one_class_is_also_found_on_as_many_pictures_of_the_others(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []

    def seen(model: ws.Model, dataset: ws.Dataset, sizes: Sequence[int], *_: int) -> vision_circuits.Circuits:
        given.append([answer[0] for answer in dataset.answers])
        return {vision_circuits.PRUNED: [], vision_circuits.LEARNED: []}

    for name in ("attributed", "pruned", "learned", "random"):
        monkeypatch.setattr(vision_circuits, name, seen)
    found = {name: case.dataset(name, 2, 0) for name in case.classes}
    circuits = vision_circuits.for_one(case, "circle", found, [10])
    assert given.count(["circle", "circle"]) == 5
    assert given.count(["circle", "square", "circle", "square"]) == 1
    assert {vision_circuits.BOTH, vision_circuits.LONGER} <= set(circuits)


def test_accuracy_that_falls_again_is_not_enough() -> None:
    assert vision.enough([0.9, 0.1, 0.9, 0.7, 0.9], whole=1.0) == "50 %"
    assert vision.enough([0.1] * 5, whole=1.0) == "-"
