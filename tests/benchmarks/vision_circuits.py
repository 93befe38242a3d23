"""How circuits of some sizes are chosen, on pictures that do not judge them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np

import wirescope as ws
from core.tracing.hard_concrete import Masks
from core.tracing.job import Job
from core.tracing.over_pairs import batches_over
from core.tracing.scores import Scores
from tests.benchmarks.vision_cases import Case, Sets, merged

EAP_IG, INPUTS, NODES = "EAP-IG", "EAP-IG, a head's inputs as one", "EAP-IG, whole nodes"
PRUNED, BOTH = "circuit pruning", "circuit pruning, other classes too"
LEARNED, LONGER = "edge pruning, to each size in turn", "edge pruning, longer"
RANDOM = "random edges"
STEPS = 5
FEW = 16  # pairs that circuit pruning goes through in each round
ROWS = 8  # pairs of an update
UPDATES, LONG = 16, 40  # for each size
PRUNING = ws.Options(steps=3, budget=100)

Circuits = dict[str, list[ws.Circuit]]  # of each size, by the way they are chosen


def for_all(case: Case, sets: Sets, sizes: Sequence[int]) -> Circuits:
    """Circuits of all classes, in the order of the table. sets: pairs of each class. sizes: from small to large."""
    dataset = merged(sets.values())
    ways = [attributed] if case.slow else [attributed, pruned, learned]
    return _of_all([way(case.model, dataset, sizes) for way in (*ways, random)])


def for_one(case: Case, name: str, sets: Sets, sizes: Sequence[int]) -> Circuits:
    """Circuits of one class. They are found on its pictures alone, as Vi-CD's are, and by circuit pruning on as many of
    the other classes too, which shall stay what they are."""
    circuits = [attributed(case.model, sets[name], sizes)]
    if not case.slow:
        circuits += [pruned(case.model, sets[name], sizes), learned(case.model, sets[name], sizes)]
        if case.longer:
            circuits.append({LONGER: learned(case.model, sets[name], sizes, LONG)[LEARNED]})
        others = merged(some for each, some in sets.items() if each != name)
        count = len(sets[name].pairs)
        both = merged([sets[name], ws.Dataset(others.pairs[:count], others.answers[:count])])
        circuits.append({BOTH: pruned(case.model, both, sizes)[PRUNED]})
    return _of_all([*circuits, random(case.model, sets[name], sizes)])


def _of_all(some: Sequence[Circuits]) -> Circuits:
    return {name: circuits for each in some for name, circuits in each.items()}


def session_of(model: ws.Model, dataset: ws.Dataset) -> ws.Session:
    return ws.Session(model, dataset.pairs[0], ws.log_probability(dataset.answers[0][0]))


def attributed(model: ws.Model, dataset: ws.Dataset, sizes: Sequence[int]) -> Circuits:
    """By the sizes of scores: edges, inputs of heads, or the nodes whose edges have the largest sum, with all edges
    between them, as many nodes as have no more edges than that."""
    options = ws.Options(steps=STEPS)
    scores = ws.trace(session_of(model, dataset), "eap-ig", dataset=dataset, options=options)
    graph = scores.graph
    sums = np.array([scores.of_node(node) for node in graph.writers])
    of_nodes = Scores(graph, sums, "eap-ig", "patch", level="nodes")
    nodes = [of_nodes.select(count, by_size=True) for count in range(graph.n_writers + 1)]
    return {
        EAP_IG: [scores.select(size, "top", by_size=True) for size in sizes],
        INPUTS: [scores.select(size, "attn-input", by_size=True) for size in sizes],
        NODES: [max((each for each in nodes if len(each) <= size), key=len) for size in sizes],
    }


def pruned(model: ws.Model, dataset: ws.Dataset, sizes: Sequence[int]) -> Circuits:
    few = ws.Dataset(dataset.pairs[:FEW], dataset.answers[:FEW])
    scores = ws.trace(session_of(model, few), "circuit-pruning", dataset=few, options=PRUNING)
    return {PRUNED: [scores.select(size, "top", by_size=True) for size in sizes]}


def learned(model: ws.Model, dataset: ws.Dataset, sizes: Sequence[int], updates: int = UPDATES) -> Circuits:
    """Edge pruning (Bhaskar et al. 2024) from one size to the next smaller one: masks of all edges learn to keep what
    the model answers, with so many of them open. After the updates for a size the edges that are most open are its
    circuit. Every update takes the next ROWS pairs."""
    graph = model.graph
    positions = ROWS * dataset.pairs[0].length
    sessions = [batch.session() for batch in batches_over(session_of(model, dataset), dataset, positions)]
    masks = Masks(Job(sessions[0], more=tuple(sessions[1:])))
    rng, turn = Random(0), list[ws.Session]()
    circuits, before = [], 1.0
    for size in reversed(sizes):
        share = size / graph.n_edges
        for number in range(1, updates + 1):
            turn = turn or rng.sample(sessions, len(sessions))
            keep = before * (share / before) ** min(1.0, 2 * number / updates)
            masks.update(Job(turn.pop()), keep, 1, seed=0)  # as the last of all updates: its target is `keep` itself
        before = share
        order = np.argsort(-masks.log_alpha.detach().numpy(), kind="stable")
        circuits.append(ws.Circuit(graph, order[:size].astype(np.int64)))
    return {LEARNED: circuits[::-1]}


def random(model: ws.Model, dataset: ws.Dataset, sizes: Sequence[int]) -> Circuits:
    order = np.random.default_rng(0).permutation(model.graph.n_edges)
    return {RANDOM: [ws.Circuit(model.graph, order[:size].astype(np.int64)) for size in sizes]}
