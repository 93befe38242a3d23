"""What is shown, as a report: the circuit with its inputs, its curve, its trust and the history of the work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO

from app.messages.replies import CurveReply
from app.presenters.exported_circuit import circuit_shown
from app.presenters.snapshot import Snapshot
from core.edits import REPLACED
from core.evaluation.verdict import verdict
from core.formatting import number
from core.graph import Edge
from core.interchange.report import Report, ReportCurve, ReportInput, ReportNote, ReportStep, about_words
from core.notes import Note
from core.project.history import History, Step
from core.project.project import EvaluationRecord, Project, steps_of
from core.project.step_names import model_words
from views.panels.inputs.data import CardData

PICTURE = 448  # pixels of the longer side, at most


def report_shown(
    shown: Snapshot,
    curve: CurveReply | None = None,
    evaluation: EvaluationRecord | None = None,
    history: History | None = None,
    notes: Sequence[Note] = (),
) -> Report:
    """curve, evaluation: of the circuit that is shown. notes: those of the work, with the steps of the history by their
    numbers."""
    ready = shown.ready
    cards = () if ready is None else (ready.card_a, ready.card_b) if shown.has_counterfactual else (ready.card_a,)
    subject = shown.subject
    statements = () if evaluation is None else evaluation.statements
    return Report(
        circuit_shown(shown),
        f"{subject.model}: the {subject.circuit}",
        tuple(_input(card) for card in cards if card.text or card.image is not None),
        curve=None if curve is None else _curve(curve),
        verdict=verdict(statements) if statements else (),
        statements=statements,
        steps=() if history is None else _steps(history),
        notes=() if history is None else report_notes(notes, [step.words for step, _ in history.steps()]),
        measured={target.name: change for target, change in shown.measured.items() if isinstance(target, Edge)},
    )


def with_project(report: Report, project: Project) -> Report:
    """The same with the history of a project, its notes, and what it holds of how far its present circuit can be
    trusted."""
    history = History(project.document, lambda _: None)
    history.take_over(*steps_of(project.steps, project.current))
    told = next((each for each in reversed(project.evaluations) if each.document == project.document), None)
    statements = () if told is None else told.statements
    return replace(
        report,
        verdict=verdict(statements) if statements else (),
        statements=statements,
        steps=_steps(history),
        notes=report_notes(project.notes, [step.words for step in project.steps]),
    )


def report_notes(notes: Sequence[Note], steps: Sequence[str]) -> tuple[ReportNote, ...]:
    """Notes with what they are about, in words. steps: what each step of the history is called, by number."""
    return tuple(ReportNote(_about(note, steps), note.text) for note in notes)


def _about(note: Note, steps: Sequence[str]) -> str:
    known = note.target.isdecimal() and int(note.target) < len(steps)
    step = steps[int(note.target)] if note.about in ("step", "circuit") and known else ""
    if note.about == "step":
        return step or "A step that is not in the history any more"
    if note.about == "circuit":
        return f"The circuit of the step “{step}”" if step else "A circuit"
    if note.about == "project":
        return "The project"
    words = about_words(note)
    return f"{words} of {model_words(note.model)}" if note.model else words


def _input(card: CardData) -> ReportInput:
    if card.image is None:
        return ReportInput(card.letter, card.text, tuple(chip.text for chip in card.tokens))
    from PIL import Image

    picture = Image.fromarray(card.image)
    picture.thumbnail((PICTURE, PICTURE))
    content = BytesIO()
    picture.save(content, "PNG")
    return ReportInput(card.letter, card.name or "a picture", (), content.getvalue())


def _curve(curve: CurveReply) -> ReportCurve:
    over = f"{curve.pairs:,} pairs" if curve.pairs else "this pair"
    words = f"CPR {number(curve.cpr)}, CMD {number(curve.cmd)}, by {curve.title} over {over}, {REPLACED[curve.kind]}"
    low, high = curve.band
    return ReportCurve(curve.sizes, curve.recovered, tuple(low.tolist()), tuple(high.tolist()), words)


def _steps(history: History) -> tuple[ReportStep, ...]:
    """All steps. Of those that follow one the newest goes on below it, the others are branches, set in."""
    rails: dict[int, int] = {}
    rows = []
    for step, _ in history.steps():
        parent = step.parent
        rail = 0 if parent is None else rails[id(parent)] + (step is not parent.children[-1])
        rails[id(step)] = rail
        rows.append(_step(step, rail, step is history.current))
    return tuple(rows)


def _step(step: Step, depth: int, here: bool) -> ReportStep:
    outcome, recovery = step.outcome, step.recovery
    words = []
    if outcome is not None:
        after = f" → {number(outcome.after)}" if outcome.edited else ""
        words.append(f"{outcome.metric_name} {number(outcome.before)}{after}")
    if recovery is not None:
        words.append(recovery.words)
    return ReportStep(step.words, depth, "; ".join(words), here)
