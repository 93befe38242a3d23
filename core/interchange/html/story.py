"""The report: the same page told as a story, in the order in which it is read. The question and its inputs, what was
done step by step, the circuit, what it recovers, how far to trust it, what was noted, and the edges with how they were
found."""

from __future__ import annotations

from core.circuit import Circuit, Exporter
from core.interchange.html.curve import curve_section
from core.interchange.html.page import from_html, page_of
from core.interchange.html.sections import (
    circuit_section,
    deepest,
    facts_section,
    inputs_section,
    notes_section,
    table_section,
    trust_section,
)
from core.interchange.html.text import escaped
from core.interchange.report import Report, ReportNote, inputs_of, notes_told


def story_html(report: Report) -> str:
    """The page of a report as a story."""
    beside = _notes_of_steps(report)
    rest = tuple(note for note in notes_told(report) if note not in beside.values())
    chapters = [
        ("question", "The question", question_section(report) + inputs_section(report)),
        ("steps", "What was done", steps_section(report, beside)),
        ("circuit", "The circuit", circuit_section(report)),
        ("curve", "What it recovers", _curve(report)),
        ("trust", "How far to trust it", trust_section(report)),
        ("notes", "What was noted", notes_section(rest)),
        ("edges", "Its edges", table_section(report)),
        ("made", "How it was made", facts_section(report)),
    ]
    told = [(key, title, text) for key, title, text in chapters if text]
    listed = "".join(f'<li><a href="#{key}">{title}</a></li>' for key, title, _ in told)
    contents = f'<nav aria-label="Contents"><ol>{listed}</ol></nav>'
    parts = (f'<div class="chapter" id="{key}">{text}</div>' for key, _, text in told)
    return page_of(report, "\n".join([f'<div class="story">{contents}', *parts, "</div>"]))


def to_story(circuit: Circuit) -> str:
    """The story of a circuit by itself."""
    return story_html(Report(circuit))


def question_section(report: Report) -> str:
    """In a sentence or two."""
    about = report.circuit.about
    model = about.get("model title") or about.get("model") or "the model"
    both = len(inputs_of(report)) > 1
    what = "answer as it does on A and not as on B" if both else "answer as it does"
    metric = f" The answer is read as {escaped(about['metric'])}." if about.get("metric") else ""
    over = f" Over {escaped(about['over'])}." if about.get("over") else ""
    return (
        f"<section><h2>The question</h2><p>Which parts of {escaped(model)} make it {what}?{metric}{over}</p></section>"
    )


def steps_section(report: Report, notes: dict[int, ReportNote]) -> str:
    """Each step with what the metric then was. notes: those about a step, by its place."""
    rows = [
        f'<li class="d{deepest(step)}{" here" if step.here else ""}"><p>{escaped(step.words)}</p>'
        + (f'<p class="metric">{escaped(step.metric)}</p>' if step.metric else "")
        + (f'<p class="prompt note-text">{escaped(notes[place].text)}</p>' if place in notes else "")
        + "</li>"
        for place, step in enumerate(report.steps)
    ]
    if not rows:
        return ""
    hint = '<p class="note">In bold: the step that this page is of. Set in: branches that were left.</p>'
    return f'<section><h2>What was done</h2>{hint}<ol class="steps told">{"".join(rows)}</ol></section>'


def _notes_of_steps(report: Report) -> dict[int, ReportNote]:
    """Those about a step that no other is called like, by its place: the first of each."""
    places: dict[str, list[int]] = {}
    for place, step in enumerate(report.steps):
        places.setdefault(step.words, []).append(place)
    first: dict[int, ReportNote] = {}
    for note in notes_told(report):
        at = places.get(note.about, [])
        if len(at) == 1:
            first.setdefault(at[0], note)
    return first


def _curve(report: Report) -> str:
    return "" if report.curve is None else curve_section(report.curve, len(report.circuit))


EXPORTER = Exporter(
    "report",
    "Report",
    "the same page told as a story, in chapters",
    ".html",
    to_story,
    from_html,
    story_html,
)
