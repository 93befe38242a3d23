"""Parts of a request that look into what is selected: lenses, heads' traits, positions, paths, self-repair, several at
once, directions to steer along. Runs in the engine's thread; imports torch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.features.inspector.handlers.rows import position_name, positions_data, said_rows, trait_chips
from app.features.inspector.queries import (
    AverageFound,
    NodeFound,
    PathsFound,
    PositionsFound,
    RepairFound,
    SeveralFound,
    SteeringFound,
    WantAverage,
    WantNode,
    WantPaths,
    WantPositions,
    WantRepair,
    WantSeveral,
    WantSteering,
)
from app.messages.request import Cancel, Request, Send, Working
from app.worker.method_titles import meaning_of
from app.worker.session_cache import Bench
from core.edits import ABLATIONS, REPLACED, Edit, EditKind, Target
from core.engine.population import Population
from core.errors import EditError, InputError, WirescopeError
from core.graph import Node
from core.lens.attention import attention_pattern, mean_attention
from core.lens.direct import DirectAttribution, direct_attribution
from core.lens.heads import Trait, patch_traits, token_traits
from core.lens.logit_lens import node_lens, node_logits, stream_lens
from core.lens.paths import Paths
from core.lens.positions import NodeGradients, estimated_effects, measured_effects, written_norms
from core.lens.repair import self_repair
from core.project.document import PairSource
from core.result import Result
from core.steering import population_of
from views.panels.inspector.data import AverageData, PathData, RepairData, SaysData

ESTIMATED: tuple[EditKind, ...] = ABLATIONS
READ_AT_MOST = 96  # positions at which what a head pushes is looked at
ONE_BY_ONE = 24  # targets that are measured one by one at most


def serve_node(want: WantNode, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    edits, node = bench.possible(request.document), want.node
    kind = _kind(request, bench, node)
    key = "node", want, edits, kind, bench.metric_key
    if key not in bench.kept:
        result = bench.session.run(edits, positions="all", cancelled=cancelled)
        says = _says(bench, result, edits, want, cancelled)
        traits = trait_chips(head_traits(bench, result, node)) if node.kind == "head" else ()
        positions = None
        if node.kind != "logits":
            gradients = _gradients(bench, cancelled)
            effects = estimated_effects(bench.session, gradients, node, kind)
            positions = positions_data(
                bench,
                written_norms(result, node),
                effects,
                False,
                REPLACED[kind],
                bench.direction(bench.cut_kind(request.document)),
            )
        bench.kept[key] = NodeFound(0, node, says, traits, positions)
    send(replace(bench.kept[key], number=request.number))


def _kind(request: Request, bench: Bench, target: Target) -> EditKind:
    """The kind of edit that estimates are of: that of the present edit where it has any, else that of a cut."""
    present = request.document.edit_of(target, request.positions)
    usable = present is not None and present.kind in ESTIMATED and present in bench.possible(request.document)
    return present.kind if usable and present is not None else bench.cut_kind(request.document)


def _gradients(bench: Bench, cancelled: Cancel) -> NodeGradients:
    key = "node gradients", bench.metric_key
    if key not in bench.kept:
        bench.kept[key] = NodeGradients(bench.session, cancelled)
    found: NodeGradients = bench.kept[key]
    return found


def _says(bench: Bench, result: Result, edits: tuple[Edit, ...], want: WantNode, cancelled: Cancel) -> SaysData:
    session, node = bench.session, want.node
    position = want.position
    if position is None or position >= session.pair.length:
        position = _read_at(bench, result, node)
    asked = [*session.metric.target[:1], *session.metric.foil[:1]]
    try:
        stream = said_rows(stream_lens(result, node, position, also=asked), asked)
    except WirescopeError as error:
        return SaysData(why=str(error))
    at = position_name(bench, position)
    if node.kind == "logits":
        return SaysData(at, (), stream)
    try:
        own = said_rows(node_lens(result, node, position, also=asked), asked)
        shares = _shares(bench, edits, cancelled)
    except WirescopeError as error:
        return SaysData(at, (), stream, why=str(error))
    number = session.graph.writer_index(node)
    return SaysData(
        at,
        own,
        stream,
        shares.words,
        float(shares.values[number]),
        float(np.abs(shares.values).max()),
        shares.rank(number),
        len(shares.values),
    )


def _read_at(bench: Bench, result: Result, node: Node) -> int:
    """Where the metric reads; where it reads all positions, the one where the node writes most."""
    reads = bench.session.engine.reads
    if reads is not None:
        return int(reads[0, 0])
    if node.kind == "logits":
        return 0
    return int(written_norms(result, node).argmax())


def _shares(bench: Bench, edits: tuple[Edit, ...], cancelled: Cancel) -> DirectAttribution:
    key = "direct", edits, bench.metric_key
    if key not in bench.kept:
        bench.kept[key] = direct_attribution(bench.session, bench.session.run(edits, cancelled=cancelled))
    found: DirectAttribution = bench.kept[key]
    return found


def head_traits(bench: Bench, result: Result, node: Node) -> list[Trait]:
    """What a head does on A, the highest score first."""
    session, pair = bench.session, bench.session.pair
    weights = attention_pattern(result, node.layer, node.head)
    if pair.grid is not None:
        return patch_traits(weights, pair.grid, pair.prefix)
    pushed = None
    if session.model.adapter.shape.output_kind != "embedding" and pair.length <= READ_AT_MOST:
        logits = node_logits(result, node, list(range(pair.length)))
        pushed = logits.topk(min(5, logits.shape[-1])).indices.tolist()
    return token_traits(weights, pair.clean.tensor[0].tolist(), pushed)


def serve_average(want: WantAverage, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    rows = request.document.dataset
    key = "average", want, rows
    if key not in bench.kept:
        send(Working(request.number, f"Averaging the attention over {len(rows)} inputs"))
        try:
            found = mean_attention(bench.session, want.node.layer, want.node.head, _population(bench, rows))
            bench.kept[key] = AverageData(found.weights, found.rows, found.of)
        except WirescopeError as error:
            bench.kept[key] = AverageData(None, why=str(error))
    send(AverageFound(request.number, want.node, bench.kept[key]))


def _population(bench: Bench, rows: tuple[PairSource, ...]) -> Population:
    """The dataset's clean inputs, run once for all heads."""
    key = "population", rows
    if key not in bench.kept:
        dataset = bench.rows.dataset(rows)
        if dataset is None:
            raise InputError("None of the dataset's inputs can be read.", "Mend them in the table of the dataset.")
        bench.kept[key] = population_of(bench.session.model, dataset, bench.session.engine.memory / 2**20)
    found: Population = bench.kept[key]
    return found


def serve_positions(want: WantPositions, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    edits, node, kind = bench.possible(request.document), want.node, _kind(request, bench, want.node)
    key = "measured positions", node, edits, kind, bench.metric_key
    if key not in bench.kept:
        words = f"Measuring {node.name} at {bench.session.pair.length} positions"

        def tell(share: float) -> None:
            send(Working(request.number, words, share))

        effects = measured_effects(bench.session, node, kind, edits, cancelled, tell)
        result = bench.session.run(edits, positions="all", cancelled=cancelled)
        bench.kept[key] = positions_data(
            bench,
            written_norms(result, node),
            effects,
            True,
            REPLACED[kind],
            bench.direction(bench.cut_kind(request.document)),
        )
    send(PositionsFound(request.number, node, bench.kept[key]))


def serve_paths(want: WantPaths, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    scores_key, size = bench.scores_key(request.document), request.document.size
    key = "paths", scores_key, size
    if key not in bench.kept:
        scores = bench.scores[scores_key]
        values = np.nan_to_num(scores.values)  # an edge that is not scored yet is on no path
        if size is not None and size < len(values):  # over what the circuit keeps
            kept = scores.select(size).edges
            values = np.zeros_like(values)
            values[kept] = np.nan_to_num(scores.values[kept])
        bench.kept[key] = Paths(bench.session.graph, values)
    paths: Paths = bench.kept[key]
    found = tuple(
        PathData(path.nodes, tuple(node.name for node in path.nodes), path.share) for path in paths.on_from(want.edge)
    )
    how = meaning_of(scores_key.choice, bench.scores[scores_key]).how
    send(PathsFound(request.number, want.edge, found, how))


def serve_repair(want: WantRepair, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    session, edits = bench.session, bench.possible(request.document)
    others = tuple(edit for edit in edits if edit.target != want.target)
    key = "repair", want.target, edits, bench.metric_key
    if key not in bench.kept:
        bench.kept[key] = None
        if others != edits and session.model.adapter.shape.output_kind != "embedding":
            without, with_it = session.run(others, cancelled=cancelled), session.run(edits, cancelled=cancelled)
            found = self_repair(session, without, with_it, want.target)
            rows = tuple((repair.node.name, repair.change) for repair in found.repairs)
            cut = all(edit.kind in ESTIMATED for edit in edits if edit.target == want.target)
            bench.kept[key] = RepairData(rows, found.words, cut)
    send(RepairFound(request.number, want.target, bench.kept[key]))


def serve_several(want: WantSeveral, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    document, edits = request.document, bench.possible(request.document)
    targets = tuple(target for target in want.targets if not (isinstance(target, Node) and target.kind == "logits"))
    if not targets:
        return
    present = {target: document.edit_of(target, request.positions) for target in targets}
    kinds = {edit.kind for edit in present.values() if edit is not None and edit in edits}
    all_edited = all(edit is not None and edit in edits for edit in present.values()) and len(kinds) == 1
    kind = kinds.pop() if all_edited else bench.cut_kind(document)
    own = {
        target: edit if all_edited and edit is not None else Edit(target, kind, request.positions or None)
        for target, edit in present.items()
    }
    others = [edit for edit in edits if edit.target not in own]
    key = "several", tuple(own.values()), tuple(others), bench.metric_key
    if key not in bench.kept:
        before = bench.metric(others, cancelled)

        def effect(of: list[Edit]) -> float:
            return bench.metric([*others, *of], cancelled) - before

        joint = effect(list(own.values()))
        alone = sum(effect([edit]) for edit in own.values()) if len(own) <= ONE_BY_ONE else None
        bench.kept[key] = kind, joint, alone
    send(SeveralFound(request.number, want.targets, *bench.kept[key]))


def serve_steering(want: WantSteering, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    engine, adapter = bench.session.engine, bench.session.model.adapter
    b = engine.counterfactual(full=True)
    if b is None:
        raise EditError("There is no B to steer away from.", "Fill card B: the direction is A minus B.")
    places = list(request.positions) or list(range(bench.session.pair.clean.lengths[0]))
    directions = {}
    for target in want.targets:
        node = target if isinstance(target, Node) else target.writer
        if node.kind == "logits":
            continue
        change = engine.clean(full=True).out(adapter, node)[0] - b.out(adapter, node)[0]
        directions[target] = tuple(change[places].mean(dim=0).tolist())
    if not any(any(direction) for direction in directions.values()):
        where = " there" if request.positions else ""
        raise EditError(
            f"It writes the same in A and in B{where}, so A minus B gives no direction to steer along.",
            "Choose another node, other positions or another B.",
        )
    send(SteeringFound(request.number, want.targets, request.positions, directions))
