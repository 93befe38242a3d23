"""What the inspector shows of a node or an edge, put together from the document and the engine's answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.messages.replies import InputsReply, InspectionReply, ModelReply, ScoresReply
from app.presenters.edits import WAITS, mean_words
from app.presenters.links import links
from app.presenters.side_by_side import SideBySide, side_by_side
from core.component_words import node_words
from core.edits import KINDS, REPLACED, Edit, EditKind, Target
from core.formatting import pairs_words, percent
from core.graph import Edge, Node
from core.inputs.regions import PATCHES, REGISTERS, named_tokens
from core.positions import Extent
from core.project.document import Document
from core.spans import parts_of
from views.panels.inspector.data import EdgeInspection, EditState, Effect, NodeInspection


def inspection(
    target: Target,
    document: Document,
    positions: tuple[int, ...],
    opened: ModelReply,
    ready: InputsReply | None,
    scored: ScoresReply | None,
    seen: InspectionReply | None,
    over_pairs: float | None = None,
) -> NodeInspection | EdgeInspection:
    """document: with a B only if patches can take from it. positions: those selected. ready, scored, seen: None until
    the engine has sent them. over_pairs: the measured effect over the dataset that the scores are over, which then
    stands beside the estimate. The words and the figures are of one kind of edit: the one that was measured, once one
    was."""
    present = document.edit_of(target, positions)
    waits = present is not None and document.waits(present)
    kind = present.kind if present is not None else document.cut_kind if seen is None else seen.kind
    where = f" at {len(positions)} of {len(ready.labels)} positions" if positions and ready is not None else ""
    strength = 1.0 if present is None else present.strength
    words = REPLACED[kind] + mean_words(kind, document) + _strength_words(kind, strength) + where
    words += ", with the other edits in place" if _others(document, target) else ""
    if waits:
        words = WAITS
    estimated = None if waits or positions else estimate(target, kind, opened, scored)
    note = "" if estimated is not None or waits else _why_no_estimate(target, kind, positions, opened, scored)
    if estimated is not None:
        estimated *= strength  # to first order
    measured = None if seen is None or seen.kind != kind or waits else seen.measured
    both = estimated is not None and measured is not None
    dataset = over_pairs if both and present is None and scored is not None and scored.pairs else None
    sides = SideBySide()
    if both:
        measured = measured if dataset is None else dataset
        sides = side_by_side(scored, _others(document, target), dataset is not None)
    effect = Effect(
        estimated=estimated,
        measured=measured,
        kind_words=words,
        waits=waits,
        note=note or sides.words,
        estimated_of=sides.estimated,
        measured_of=sides.measured,
        noise_floor=0.0 if ready is None else ready.noise_floor,
        direction=1 if scored is None else scored.ranking.of_metric,
    )
    edit = edit_state(present, document, ready is not None and ready.has_counterfactual)
    edit = of_targets(edit, [target])
    if isinstance(target, Edge):
        return EdgeInspection(target, target.name, effect, edit)
    reads, writes = ((), ()) if scored is None else links(opened.graph, scored.ranking, target)
    card = None if ready is None else ready.card_a
    return NodeInspection(
        node=target,
        title=target.name,
        subtitle=describe(target, opened),
        attention=None if seen is None else seen.attention,
        labels=() if ready is None else ready.labels,
        image=None if card is None else card.image,
        grid=None if card is None else card.grid,
        prefix=0 if opened.is_text else opened.prefix,
        regions=() if ready is None or opened.is_text else regions(document, ready.labels, opened.prefix),
        reads=reads,
        links_of="" if scored is None or not scored.pairs else f"{scored.meaning.how} over {pairs_words(scored.pairs)}",
        writes=writes,
        effect=effect,
        edit=edit,
    )


def regions(document: Document, labels: Sequence[str], prefix: int) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """What attention over a picture is summed over: the regions of the document, then the tokens that are no patches,
    then the rest. None where only CLS has a name, whose share is written beside it."""
    known = [region for region in document.regions if max(region.positions) < len(labels)]
    tokens = {name: places for name, places in named_tokens(labels, prefix, 1).items() if places[0]}
    if not known and REGISTERS not in tokens:
        return ()
    (registers,) = tokens.get(REGISTERS, ((),))
    shared = {name for name, (places,) in tokens.items() if name != REGISTERS and places[0] in registers}
    single = [name for name in tokens if name != PATCHES and name not in shared]
    named = {region.name: (region.positions,) for region in known}
    extent = Extent((len(labels),), len(labels), regions=named, tokens=tokens)
    return parts_of(extent, [*named, *single, *(() if known else (PATCHES,))])


def edit_state(edit: Edit | None, document: Document, has_counterfactual: bool) -> EditState:
    """What the inspector's buttons show of an edit; None where there is none."""
    return EditState(
        kind=None if edit is None else edit.kind,
        factor=edit.value if edit is not None and isinstance(edit.value, float) else None,
        strength=1.0 if edit is None else edit.strength,
        has_counterfactual=has_counterfactual,
        has_dataset=bool(document.dataset),
    )


def of_targets(edit: EditState, targets: Sequence[Target]) -> EditState:
    """With what all of some targets can be edited by."""
    kinds = {target.kind if isinstance(target, Node) else "" for target in targets}
    return replace(edit, of_unit=bool(kinds & {"neuron", "expert"}), of_expert=kinds == {"expert"})


def _strength_words(kind: EditKind, strength: float) -> str:
    if strength == 1:
        return ""
    return f", × {strength:g}" if KINDS[kind].repeats else f", at {percent(strength)} strength"


def _why_no_estimate(
    target: Target, kind: EditKind, positions: tuple[int, ...], opened: ModelReply, scored: ScoresReply | None
) -> str:
    """Why there is no estimate beside the measurement; empty while the estimates are on their way."""
    if scored is None or (isinstance(target, Node) and target.kind == "logits"):
        return ""
    if isinstance(target, Node) and target.is_unit:
        return f"Estimates of {target.kind}s are in their list below."
    if not scored.meaning.effect:
        return f"No estimate: the scores are by {scored.title}, {scored.meaning.words}."
    if positions:
        return "No estimate: those are of an edit at all positions."
    if scored.kind != kind:
        return f"No estimate: those are of what is {REPLACED[scored.kind]}, as the tool bar says."
    if scored.measured:
        return "No estimate: the exact scan measures every edge, one at a time and without other edits."
    if isinstance(target, Edge) and scored.ranking.measured[opened.graph.edge_index(target)]:
        return "No estimate: the exact scan measured this edge, alone and without other edits."
    return ""


def _others(document: Document, target: Target) -> bool:
    """Whether edits of other targets are in place."""
    return any(edit.target != target and not document.waits(edit) for edit in document.edits)


def estimate(target: Target, kind: EditKind, opened: ModelReply, scored: ScoresReply | None) -> float | None:
    """The estimated change of the metric by editing a target; None where the scores are of another kind of edit, or no
    estimates of an effect."""
    if scored is None or scored.kind != kind or scored.measured or not scored.meaning.effect:
        return None
    if isinstance(target, Edge):
        index = opened.graph.edge_index(target)
        unknown = scored.ranking.unknown[index] or scored.ranking.measured[index]
        return None if unknown else -float(scored.values[index])
    if target.kind == "logits" or target.is_unit:
        return None
    return -float(scored.values[opened.graph.edges_out_of(target)].sum())


def describe(node: Node, opened: ModelReply) -> str:
    """A node in words: "head 7 of layer 24"."""
    if node.kind == "input":
        return opened.input_label
    if node.kind == "logits":
        return opened.output_label
    if node.is_unit:
        return node_words(node)
    key = opened.graph.ports(node)[-1]
    return node_words(node) + (f" · shares K/V head {key.head}" if key.shared else "")
