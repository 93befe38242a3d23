"""Parts of a request that look into what is selected: lenses, heads' traits, positions, paths, self-repair, several at
once, directions to steer along. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.features.inspector.handlers.rows import by_position_data, logit_lens_rows, position_name, trait_chips
from app.features.inspector.queries import (
    AverageQuery,
    AverageReply,
    ByPositionQuery,
    ByPositionReply,
    NodeQuery,
    NodeReply,
    PathsQuery,
    PathsReply,
    RepairQuery,
    RepairReply,
    SeveralQuery,
    SeveralReply,
    SteeringQuery,
    SteeringReply,
)
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.worker.head_traits import head_traits
from app.worker.method_titles import meaning_of
from app.worker.session_cache import SessionCache
from app.worker.towers import TEXT_TOWER, seen_in
from core.edits import ABLATIONS, REPLACED, Edit, EditKind, Target
from core.engine.population import Population
from core.errors import EditError, InputError, WirescopeError
from core.graph import Node
from core.lens.attention import mean_attention
from core.lens.direct import DirectAttribution, direct_attribution
from core.lens.logit_lens import node_lens, stream_lens
from core.lens.paths import Paths
from core.lens.positions import NodeGradients, estimated_effects, measured_effects, written_norms
from core.lens.repair import backup_effects, self_repair
from core.project.document import PairSource
from core.result import Result
from core.session import Session
from core.steering import population_of
from views.panels.inspector.data import AverageData, ByPositionData, LogitLensData, PathData, RepairData

ESTIMATED: tuple[EditKind, ...] = ABLATIONS
ONE_BY_ONE = 24  # targets that are measured one by one at most


def handle_node(query: NodeQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    edits = cache.possible(request.document)
    kind = _kind(request, cache, query.node)

    def find() -> NodeReply:
        seen = seen_in(cache.session, cache.session.run(edits, positions="all", cancelled=cancelled), query.node)
        if seen is None:
            return NodeReply(0, query.node, LogitLensData(why=TEXT_TOWER), (), None)
        session, result, node = seen
        logit_lens = _logit_lens(cache, session, result, edits, query, cancelled)
        traits = trait_chips(head_traits(cache, result, node)) if node.kind == "head" else ()
        positions = None
        if node.kind != "logits":
            gradients = gradients_of(cache, session, cancelled)
            effects = estimated_effects(session, gradients, node, kind)
            positions = by_position_data(
                cache,
                written_norms(result, node),
                effects,
                False,
                REPLACED[kind],
                cache.direction(cache.cut_kind(request.document)),
            )
        return NodeReply(0, query.node, logit_lens, traits, positions)

    send(replace(cache.answer(query, request, find), number=request.number))


def _kind(request: Request, cache: SessionCache, target: Target) -> EditKind:
    """The kind of edit that estimates are of: that of the present edit where it has any, else that of a cut."""
    present = request.document.edit_of(target, request.positions)
    usable = present is not None and present.kind in ESTIMATED and present in cache.possible(request.document)
    return present.kind if usable and present is not None else cache.cut_kind(request.document)


def gradients_of(cache: SessionCache, session: Session, cancelled: Cancel) -> NodeGradients:
    """session: that of the cache, or of a tower."""
    key = "node gradients", cache.metric_key
    if key not in cache.heavy:
        cache.heavy[key] = NodeGradients(session, cancelled)
    gradients: NodeGradients = cache.heavy[key]
    return gradients


def _logit_lens(
    cache: SessionCache,
    session: Session,
    result: Result,
    edits: tuple[Edit, ...],
    query: NodeQuery,
    cancelled: Cancel,
) -> LogitLensData:
    """session: that of the result, which may be of a tower."""
    node = query.node
    position = query.position
    if position is None or position >= session.pair.length:
        position = _read_at(session, result, node)
    asked = [*session.metric.target[:1], *session.metric.foil[:1]]
    try:
        reading = stream_lens(result, node, position, also=asked)
    except WirescopeError as error:
        return LogitLensData(why=str(error))
    stream, warning = logit_lens_rows(reading, asked), reading.warning
    at = position_name(cache, position)
    if node.kind == "logits":
        return LogitLensData(at, (), stream, warning=warning)
    try:
        node_rows = logit_lens_rows(node_lens(result, node, position, also=asked), asked)
        shares = _shares(cache, edits, cancelled)
    except WirescopeError as error:
        return LogitLensData(at, (), stream, why=str(error), warning=warning)
    number = session.graph.writer_index(node)
    return LogitLensData(
        at,
        node_rows,
        stream,
        shares.words,
        float(shares.values[number]),
        float(np.abs(shares.values).max()),
        shares.rank(number),
        len(shares.values),
        warning=warning,
    )


def _read_at(session: Session, result: Result, node: Node) -> int:
    """Where the metric reads; where it reads all positions, the one where the node writes most."""
    reads = session.engine.reads
    if reads is not None:
        return int(reads[0, 0])
    if node.kind == "logits":
        return 0
    return int(written_norms(result, node).argmax())


def _shares(cache: SessionCache, edits: tuple[Edit, ...], cancelled: Cancel) -> DirectAttribution:
    key = "direct", edits, cache.metric_key
    if key not in cache.kept:
        cache.kept[key] = direct_attribution(cache.session, cache.session.run(edits, cancelled=cancelled))
    attribution: DirectAttribution = cache.kept[key]
    return attribution


def handle_average(query: AverageQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    rows = request.document.dataset

    def find() -> AverageData:
        send(ProgressReply(request.number, f"Averaging the attention over {len(rows)} inputs"))
        try:
            attention = mean_attention(cache.session, query.node.layer, query.node.head, _population(cache, rows))
            return AverageData(attention.weights, attention.rows, attention.of)
        except WirescopeError as error:
            return AverageData(None, why=str(error))

    send(AverageReply(request.number, query.node, cache.answer(query, request, find)))


def _population(cache: SessionCache, rows: tuple[PairSource, ...]) -> Population:
    """The dataset's clean inputs, run once for all heads."""
    key = "population", rows
    if key not in cache.heavy:
        dataset = cache.rows.dataset(rows)
        if dataset is None:
            raise InputError("None of the dataset's inputs can be read.", "Mend them in the table of the dataset.")
        cache.heavy[key] = population_of(cache.session.model, dataset, cache.session.engine.memory / 2**20)
    population: Population = cache.heavy[key]
    return population


def handle_by_position(
    query: ByPositionQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel
) -> None:
    edits, node, kind = cache.possible(request.document), query.node, _kind(request, cache, query.node)

    def find() -> ByPositionData:
        words = f"Measuring {node.name} at {cache.session.pair.length} positions"

        def tell(share: float) -> None:
            send(ProgressReply(request.number, words, share))

        effects = measured_effects(cache.session, node, kind, edits, cancelled, tell)
        result = cache.session.run(edits, positions="all", cancelled=cancelled)
        return by_position_data(
            cache,
            written_norms(result, node),
            effects,
            True,
            REPLACED[kind],
            cache.direction(cache.cut_kind(request.document)),
        )

    send(ByPositionReply(request.number, node, cache.answer(query, request, find)))


def handle_paths(query: PathsQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    scores_key, size = cache.scores_key(request.document), request.document.size
    key, known = (scores_key, size), cache.kept.get("paths")  # those of one circuit: they are as large as its scores
    if known is None or known[0] != key:
        scores = cache.scores[scores_key]
        values = np.nan_to_num(scores.values)  # an edge that is not scored yet is on no path
        if size is not None and size < len(values):  # over what the circuit keeps
            kept = scores.select(size).edges
            values = np.zeros_like(values)
            values[kept] = np.nan_to_num(scores.values[kept])
        cache.kept["paths"] = known = key, Paths(cache.session.graph, values)
    paths: Paths = known[1]
    data = tuple(
        PathData(path.nodes, tuple(node.name for node in path.nodes), path.share) for path in paths.on_from(query.edge)
    )
    how = meaning_of(scores_key.choice, cache.scores[scores_key]).how
    send(PathsReply(request.number, query.edge, data, how))


def handle_repair(query: RepairQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    session, edits = cache.session, cache.possible(request.document)
    others = tuple(edit for edit in edits if edit.target != query.target)

    def find() -> RepairData | None:
        if others == edits or session.model.adapter.shape.output_kind == "embedding":
            return None
        without, with_it = session.run(others, cancelled=cancelled), session.run(edits, cancelled=cancelled)
        repair = self_repair(session, without, with_it, query.target)
        rows = tuple((row.node.name, row.change) for row in repair.repairs)
        target_edits = [edit for edit in edits if edit.target == query.target]
        cut = all(edit.kind in ESTIMATED for edit in target_edits)
        data = RepairData(rows, repair.words, cut, repair.norm, repair.norm_share)
        free = [row.node for row in repair.repairs if all(edit.name != row.node.name for edit in others)]
        if not query.sets or not free:
            return data
        kind = cache.cut_kind(request.document)
        sets = backup_effects(session, target_edits, free, kind, others, cancelled)
        effects = sets.after.joint, sets.after.summed, sets.before.joint, sets.before.summed
        return replace(data, sets=effects, put_in=REPLACED[kind])

    send(RepairReply(request.number, query.target, cache.answer(query, request, find)))


def handle_several(query: SeveralQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    document, edits = request.document, cache.possible(request.document)
    targets = tuple(target for target in query.targets if not (isinstance(target, Node) and target.kind == "logits"))
    if not targets:
        return
    present = {target: document.edit_of(target, request.positions) for target in targets}
    kinds = {edit.kind for edit in present.values() if edit is not None and edit in edits}
    all_edited = all(edit is not None and edit in edits for edit in present.values()) and len(kinds) == 1
    kind = kinds.pop() if all_edited else cache.cut_kind(document)
    by_target = {
        target: edit if all_edited and edit is not None else Edit(target, kind, request.positions or None)
        for target, edit in present.items()
    }
    others = [edit for edit in edits if edit.target not in by_target]

    def find() -> tuple[EditKind, float, float | None]:
        before = cache.metric(others, cancelled)

        def effect(of: list[Edit]) -> float:
            return cache.metric([*others, *of], cancelled) - before

        joint = effect(list(by_target.values()))
        alone = sum(effect([edit]) for edit in by_target.values()) if len(by_target) <= ONE_BY_ONE else None
        return kind, joint, alone

    send(SeveralReply(request.number, query.targets, *cache.answer(query, request, find)))


def handle_steering(query: SteeringQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    engine, adapter = cache.session.engine, cache.session.model.adapter
    b = engine.counterfactual(full=True)
    if b is None:
        raise EditError("There is no B to steer away from.", "Fill card B: the direction is A minus B.")
    places = list(request.positions) or list(range(cache.session.pair.clean.lengths[0]))
    directions = {}
    for target in query.targets:
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
    send(SteeringReply(request.number, query.targets, request.positions, directions))
