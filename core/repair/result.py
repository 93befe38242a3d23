"""A repaired model: what was cut, the proof, and its way out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from core.edit_kinds import KINDS
from core.edited.apply import apply
from core.edited.export import Exported, export_model
from core.edits import Edit, EditKind
from core.models.model import Model
from core.repair.options import CUTS, KNOWLEDGE, Knowledge
from core.repair.proof import Figures, with_module
from core.repair.strengths import Level
from core.saving import save_text
from core.session import Session
from core.text_files import read_text


@dataclass(frozen=True)
class Repair:
    """A repaired model. edits: the cuts. used, used_after: on the examples that it was made with; before, after: on the
    held-out ones. cut: edges that the cuts take away, of `edges`; with the level `positions`, edges at a position.
    made: triggered examples that were made, by putting pieces of triggered inputs into clean ones; made_for_proof: of
    held-out clean ones, with the same pieces, where no triggered example has a right answer. runs: edits that
    were really made. repeats: examples that were left out, since the same input and answer were there already. session:
    of what the cuts carry."""

    model: Model
    edits: tuple[Edit, ...]
    level: Level
    kind: EditKind
    knowledge: Knowledge
    budget: float
    used: Figures
    used_after: Figures
    before: Figures
    after: Figures
    cut: int
    edges: int
    made: int
    made_for_proof: int
    runs: int
    seconds: float
    repeats: int
    session: Session = field(repr=False)

    @property
    def repaired(self) -> Model:
        """The model with the cuts inside. It shares its weights with the original, which stays as it is."""
        return with_module(self.model, apply(self.model, self.edits, self.session).module)

    @property
    def words(self) -> str:
        """What was done and what it does, in lines."""
        proof = self.before.accuracy.of and (self.before.misbehaviour.of or self.knowledge == "clean")
        of = "held-out examples" if proof else "the examples it was made with (no proof: none or too few are held out)"
        before, after = (self.before, self.after) if proof else (self.used, self.used_after)
        parts = "nodes at positions" if self.level == "positions" else self.level
        edges = "edges, each position counted" if self.level == "positions" else "edges"
        lines = [
            f"cut: {', '.join(map(_cut_words, self.edits))}",
            f"{len(self.edits)} {parts}, {self.cut:,} of {self.edges:,} {edges}; what is cut carries {self._carries}",
        ]
        if self.knowledge != "triggered":
            lines.append(f"known: {KNOWLEDGE[self.knowledge]}")
        if self.made:
            lines.append(f"triggered examples made, with pieces of such inputs in clean ones: {self.made:,}")
        if self.made_for_proof:
            lines.append(
                f"held-out triggered examples made, with the same pieces in clean ones: {self.made_for_proof:,}"
            )
        lines += [
            f"on {of}:",
            f"  misbehaviour    {before.misbehaviour} -> {after.misbehaviour}",
            f"  clean accuracy  {before.accuracy} -> {after.accuracy}",
        ]
        if after.divergence is not None:
            lines.append(f"  KL from the original on clean inputs: {after.divergence:.3g} nats")
        if self.repeats:
            lines.append(f"left out: {self.repeats:,} repeats of the same input and answer")
        lines.append(f"{self.runs:,} edits measured in {self.seconds:.1f} s")
        return "\n".join(lines)

    @property
    def _carries(self) -> str:
        if not KINDS[self.kind].inputs or self.session.mean_over_positions:
            return CUTS[self.kind]
        return f"{CUTS[self.kind]} at the same position, up to position {self.session.pair.length - 1}"

    def export(self, folder: str | Path) -> Exported:
        """Write the repaired model to a new folder, with a card: in the weights where these hold the cuts (nodes), else
        with hooks beside them (edges, positions). Raises WirescopeError."""
        exported = export_model(self.model, self.edits, folder, self.session)
        card = exported.folder / "README.md"
        words = f"\n## The repair\n\n```\n{self.words}\n```\n\nIntervals are of 95 % (Wilson).\n"
        save_text(card, read_text(card) + words)
        return exported


def _cut_words(edit: Edit) -> str:
    places = "" if edit.positions is None else f" at {', '.join(map(str, edit.positions))}"  # type: ignore[arg-type]
    return f"{edit.name}{places}" + ("" if edit.strength == 1 else f" by {100 * edit.strength:.0f} %")
