"""What is shown, said once: which model, inputs, metric, method, size, ablation and edits every figure beside it is of.

Captions, the strip, the status line, the heading of the trust panel and the heads of files are all made from a
`Subject`, so that no two of them can differ. A figure that is not of what is shown has no place in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.messages.replies import CircuitRunReply, InputsReply, ModelReply, RunReply, ScoresReply
from app.presenters.edits import mean_words, said
from core.edits import REPLACED, Edit, EditKind
from core.formatting import change_words, pairs_words, percent, share_words
from core.tracing.selection import CHOSEN_BY, RULES, USUAL

if TYPE_CHECKING:
    from core.project.document import Document

LONGEST = 60  # letters of a prompt in a line
NOT_MEASURED = "what they recover is not measured yet"


@dataclass(frozen=True)
class Ranked:
    """What put the edges in their order. title: of the method, or "the file scores.json". over: "this pair",
    "24 pairs"; empty for a file that does not say. how: "estimated", "measured", "scored", "drawn". words: what the
    scores are where they are no effect. share: of the work that is done. rule: by which edges are chosen."""

    title: str
    over: str
    how: str
    words: str
    share: float
    rule: str = USUAL

    @property
    def by(self) -> str:
        """ "EAP-IG over 24 pairs"."""
        return f"{self.title} over {self.over}" if self.over else self.title

    @property
    def partial(self) -> str:
        """ "partial: 37 % of the work"; empty for the whole."""
        return f"partial: {percent(self.share)} of the work" if self.share < 1 else ""


@dataclass(frozen=True)
class Subject:
    """model: its title. pairs: of the dataset that the edges were ranked over, 0 for the pair on the cards. level: what
    is ranked. ranked: None until there are scores. size: edges of the circuit; None while none is chosen and the
    `overview` strongest are shown. edges: of the whole graph. removed: what a removed edge carries, "replaced from B".
    ran: the run with the edits; None until it is there. recovered: of just this circuit; None until it is measured.
    edits: as they were made. drawn: edges on the canvas beside the circuit's own; hidden: the circuit's that are not
    drawn."""

    model: str
    details: str
    inputs: tuple[str, str]
    pairs: int
    metric: str
    ranked: Ranked | None
    size: int | None
    overview: int
    edges: int
    kind: EditKind
    removed: str
    ran: RunReply | None
    recovered: CircuitRunReply | None
    edits: tuple[str, ...]
    level: str = "edges"

    @property
    def over(self) -> str:
        """What circuits are run on: "this pair", "24 pairs"."""
        return over_words(self.pairs)

    @property
    def circuit(self) -> str:
        """ "best 104 of 1,519 edges by EAP-IG over this pair, replaced from B"."""
        count = f"{self.overview:,} strongest" if self.size is None else f"best {self.size:,}"
        if self.ranked is None:
            return f"{count} of {self.edges:,} edges, which have no scores yet"
        part = f", {self.ranked.partial}" if self.ranked.partial else ""
        phrase = RULES[self.ranked.rule].phrase if self.size is not None else ""
        chosen = f", {phrase}" if phrase else ""
        return f"{count} of {self.edges:,} edges by {self.ranked.by}{chosen}, {self.removed}{part}"

    @property
    def state(self) -> str:
        """The inputs and the metric: "A “When Mary …”, logit(" Mary") − logit(" John")"."""
        a = self.inputs[0] if len(self.inputs[0]) <= LONGEST else f"{self.inputs[0][: LONGEST - 1]}…"
        return ", ".join(part for part in (f"A “{a}”", self.metric) if part)

    @property
    def share(self) -> str:
        """What the circuit recovers, "83 %"; empty until it is measured."""
        return "" if self.recovered is None else share_words(self.recovered.share)

    @property
    def scores_words(self) -> str:
        """How the edges drawn got their scores: "Dashed edges: estimated by EAP over this pair, replaced from B"."""
        ranked = self.ranked
        if ranked is None:
            return "The edges have no scores yet"
        part = f"; {ranked.partial}" if ranked.partial else ""
        over = f", over {ranked.over}" if ranked.over else ""
        if ranked.how == "measured":
            return f"Solid edges: measured one at a time, {self.removed}{over}{part}"
        words = f" ({ranked.words})" if ranked.words else ""
        return f"Dashed edges: {ranked.how} by {ranked.title}{words}, {self.removed}{over}{part}"

    @property
    def recovered_words(self) -> str:
        """What the circuit shown recovers, as a sentence; that it is not measured, or that no circuit is chosen."""
        kept = self.recovered
        if self.size is None:
            return f"Shown are the {self.circuit}: no circuit is chosen"
        if kept is None:
            return f"The {self.circuit}: {NOT_MEASURED}"
        phrase = "" if self.ranked is None else RULES[self.ranked.rule].phrase
        edits = (f", {phrase}" if phrase else "") + (", without the edits" if self.edits else "")
        return recovery_words(
            kept.size, self.edges, kept.share, kept.random, f"{self.removed}, over {over_words(kept.pairs)}{edits}"
        )

    @property
    def metric_words(self) -> str:
        """The metric before and after the edits, as far as they are measured."""
        ran = self.ran
        if ran is None:
            return f"{self.metric}: not measured yet" if self.metric else ""
        words = f"{ran.metric_name}: {ran.before:z.3f} before"
        return words + (f", {ran.after:z.3f} after ({change_words(ran.after - ran.before)})" if ran.edits else "")

    def about(self) -> dict[str, str]:
        """For the head of a file: each part of the description under its name."""
        ranked = self.ranked
        said = {"model title": self.model, "metric": self.metric, "ablation": self.removed}
        said |= {"over": self.over, "edges of the graph": f"{self.edges}"}
        if ranked is not None:
            said |= {"scores": ranked.how, "ranked by": ranked.by}
            said |= {"partial": ranked.partial.removeprefix("partial: ")} if ranked.partial else {}
        said |= {CHOSEN_BY: ranked.rule} if ranked is not None and ranked.rule != USUAL else {}
        said |= {"pairs": f"{self.pairs}"} if self.pairs else {}
        said["circuit"] = f"the {self.circuit}"
        said["recovered"] = self.recovered_words
        return said


def subject_of(
    document: Document,
    opened: ModelReply,
    ready: InputsReply | None,
    ran: RunReply | None,
    scored: ScoresReply | None,
    kept: CircuitRunReply | None,
    overview: int,
    labels: Sequence[str] = (),
) -> Subject:
    """Describe what is shown. document: with a B only if it can stand beside A. ready, ran: of its inputs, else None.
    scored: the scores that the canvas draws. kept: the run of a circuit, perhaps of another one: then it is left out.
    overview: how many edges are shown while no circuit is chosen. labels: of A's positions."""
    edges = opened.graph.n_edges
    size = None if document.size is None else min(document.size, edges)
    fits = kept is not None and scored is not None and (kept.of, kept.size) == (scored.of, size)
    kind = document.cut_kind if scored is None else scored.kind
    edits: tuple[Edit, ...] = document.edits if ran is None else ran.edits
    return Subject(
        model=opened.title,
        details=opened.details,
        inputs=tuple("" if side is None else side.words for side in (document.clean, document.counterfactual)),  # type: ignore[arg-type]
        pairs=0 if scored is None else scored.pairs,
        metric=ran.metric_name if ran is not None else "" if ready is None else ready.metric_name,
        ranked=None if scored is None else _ranked(scored),
        size=size,
        overview=min(overview, edges),
        edges=edges,
        kind=kind,
        removed=REPLACED[kind] + mean_words(kind, document),
        ran=ran,
        recovered=kept if fits else None,
        edits=tuple(f"{edit.name} {said(edit, document, tuple(labels))}" for edit in edits),
    )


def _ranked(scored: ScoresReply) -> Ranked:
    over = over_words(scored.pairs)
    if scored.from_file:
        over = over_words(scored.file_pairs) if scored.file_pairs else ""
    words = "" if scored.meaning.effect else scored.meaning.words
    how = "measured" if scored.measured else scored.meaning.how
    scanned = scored.ranking.scanned
    if scanned is not None:
        over += f", {int(scanned.sum()):,} of {len(scanned):,} edges measured"
    return Ranked(scored.title, over, how, words, scored.share, scored.rule)


def over_words(pairs: int) -> str:
    """ "this pair" for 0, else "24 pairs"."""
    return pairs_words(pairs) if pairs else "this pair"


def recovery_words(size: int, edges: int, share: float, random: float, of: str) -> str:
    """ "1,413 of 70,651 edges recover 87 %, 13 % stays unexplained; as many random ones 2 % (replaced from B, over this
    pair)". of: the ablation and the inputs."""
    left = 1 - share
    rest = f"{share_words(left)} stays unexplained" if left >= 0 else f"{share_words(-left)} more than the whole model"
    if share < 0:
        rest = f"less than with no edges at all, so {'it explains' if size == 1 else 'they explain'} nothing"
    return (
        f"{size:,} of {edges:,} edges recover{'s' * (size == 1)} {share_words(share)}, {rest}; "
        f"{'a random one' if size == 1 else 'as many random ones'} {share_words(random)} ({of})"
    )
