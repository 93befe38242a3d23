"""The sections of the page, each of what is given and nothing where it is not."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping

from core.component_words import edge_words
from core.formatting import MINUS
from core.interchange.html.drawing import drawing_of, how_scored
from core.interchange.html.text import escaped
from core.interchange.report import Report, ReportInput, ReportNote, ReportStep, inputs_of
from core.tracing.meaning import ESTIMATED, ranking_words, told_direction

DEEPEST = 4  # steps of the history are set in by, at most
FACTS = {  # of a circuit's `about`, in this order, in words
    "model title": "Model",
    "model": "Opened as",
    "metric": "Metric",
    "ranked by": "Ranked by",
    "method": "Method",
    "replacement": "A removed edge carries",
    "chosen by": "Chosen by the rule",
    "over": "Over",
    "precision": "Precision",
    "recovered": "Recovered",
    "partial": "Partial",
}


def facts_of(report: Report) -> Mapping[str, str]:
    """What was done, in words."""
    about = report.circuit.about
    return report.facts or {words: about[key] for key, words in FACTS.items() if about.get(key)}


def circuit_section(report: Report) -> str:
    circuit = report.circuit
    if not len(circuit):
        return '<section><h2>Circuit</h2><p class="note">The circuit has no edges.</p></section>'
    slider = (
        '<div class="threshold" id="threshold" hidden><label for="size">Show the</label>'
        f'<input id="size" type="range" min="1" max="{len(circuit)}" value="{len(circuit)}" '
        'aria-describedby="count"><output id="count" for="size"></output></div>'
    )
    detail = '<div class="detail empty" id="detail" role="status" hidden></div>'
    return f"<section><h2>Circuit</h2>{slider}{drawing_of(circuit)}{detail}</section>"


def inputs_section(report: Report) -> str:
    rows = "".join(f"<dt>{escaped(each.title)}</dt><dd>{_input(each)}</dd>" for each in inputs_of(report))
    return f'<section class="inputs"><h2>Inputs</h2><dl>{rows}</dl></section>' if rows else ""


def _input(each: ReportInput) -> str:
    picture = ""
    if each.picture:
        data = base64.b64encode(each.picture).decode("ascii")
        picture = f'<img alt="{escaped(each.text)}" src="data:image/png;base64,{data}">'
    tokens = "".join(f'<li class="token">{escaped(token)}</li>' for token in each.tokens)
    listed = f'<ol class="tokens">{tokens}</ol>' if tokens else ""
    return f'{picture}<p class="prompt">{escaped(each.text)}</p>{listed}'


def trust_section(report: Report) -> str:
    if not report.statements and not report.verdict:
        return ""
    verdict = "".join(f"<li{_against(one.against)}>{escaped(one.line)}</li>" for one in report.verdict)
    rows = "".join(
        f"<dt>{escaped(one.title)}</dt><dd><span{_against(one.tone == 'against')}>{escaped(one.shown_figure)}</span> "
        f"{escaped(one.words)}{f'<small>{escaped(one.detail)}</small>' if one.detail else ''}</dd>"
        for one in report.statements
    )
    head = f'<ul class="verdict">{verdict}</ul>' if verdict else ""
    return f'<section class="statements"><h2>How far to trust it</h2>{head}<dl>{rows}</dl></section>'


def _against(against: bool) -> str:
    return ' class="against"' if against else ""


def table_section(report: Report) -> str:
    """All edges, the best first."""
    circuit = report.circuit
    if not len(circuit):
        return ""
    how = how_scored(circuit)
    measured = report.measured
    heads = [("n", "Rank"), ("", "Edge"), ("words", "What it is"), ("n", f"Score ({escaped(how)})")]
    estimates = bool(measured) and how == ESTIMATED.how  # beside a measured effect stands an estimated effect
    heads += [("n", "Effect, estimated")] if estimates else []
    heads += [("n", "Effect, measured")] if measured else []
    top = "".join(
        f'<th scope="col" class="{kind}"><button type="button">{words}</button></th>' for kind, words in heads
    )
    noted = {note.target: note.text for note in circuit.notes if note.about == "edge"}
    rows = []
    for place, (name, edge) in enumerate(zip(circuit.names, circuit, strict=True)):
        score = circuit.score(place)
        what = edge_words(edge) + ("" if circuit.at is None else f", at {circuit.spans[circuit.at[place]]}")
        told = _told(score)
        nodes = " ".join(node.name for node in (edge.writer, *circuit.graph.readers_of(edge.reader)))
        words = f"{name}: {what}, rank {place + 1:,}" + (f", {how} {told}" if told else "")
        words += f". Note: {noted[edge.name]}" if edge.name in noted else ""
        cells = [
            f'<td class="n" data-v="{place + 1}">{place + 1:,}</td>',
            f"<td><code>{escaped(name)}</code></td>",
            f'<td class="words">{escaped(what)}</td>',
            _number(score),
        ]
        cells += [_number(None if score is None else -score)] if estimates else []
        cells += [_number(measured.get(name))] if measured else []
        rows.append(
            f'<tr data-e="{place}" data-nodes="{nodes}" data-words="{escaped(words)}" data-score="{told}" '
            'tabindex="-1">'
            f"{''.join(cells)}</tr>"
        )
    note = ranking_words(told_direction(circuit.about)) if circuit.values is not None else "The edges have no scores."
    return (
        f'<section><h2>Edges</h2><p class="note">{escaped(note)}</p>'
        '<input id="filter" class="filter" type="search" placeholder="Filter: a9.h6, logits …" '
        'aria-label="Filter the edges" hidden>'
        f'<div class="rows"><table id="edges"><thead><tr>{top}</tr></thead><tbody>\n'
        + "\n".join(rows)
        + "\n</tbody></table></div></section>"
    )


def _told(score: float | None) -> str:
    return "" if score is None else f"{score:+.4g}".replace("-", MINUS)


def _number(value: float | None) -> str:
    return (
        '<td class="n" data-v="-1e999"></td>'
        if value is None
        else (f'<td class="n" data-v="{value!r}">{_told(value)}</td>')
    )


def facts_section(report: Report) -> str:
    rows = "".join(f"<dt>{escaped(name)}</dt><dd>{escaped(words)}</dd>" for name, words in facts_of(report).items())
    return f"<section><h2>How it was made</h2><dl>{rows}</dl></section>" if rows else ""


def notes_section(notes: Iterable[ReportNote]) -> str:
    rows = "".join(f'<dt>{escaped(note.about)}</dt><dd class="prompt">{escaped(note.text)}</dd>' for note in notes)
    return f"<section><h2>Notes</h2><dl>{rows}</dl></section>" if rows else ""


def deepest(step: ReportStep) -> int:
    """How far a step is set in."""
    return min(step.depth, DEEPEST)


def history_section(report: Report) -> str:
    rows = "".join(
        f'<li class="d{deepest(step)}{" here" if step.here else ""}">{escaped(step.words)}'
        f"{f' <span class=metric>{escaped(step.metric)}</span>' if step.metric else ''}</li>"
        for step in report.steps
    )
    return f'<section><h2>History</h2><ol class="steps">{rows}</ol></section>' if rows else ""


def title_of(report: Report) -> str:
    about, circuit = report.circuit.about, report.circuit
    model = about.get("model title") or about.get("model", "")
    return report.title or f"Circuit of {model}".removesuffix(" of ") + f": {len(circuit):,} edges"


def subtitle_of(report: Report) -> str:
    circuit = report.circuit
    graph = circuit.graph
    kept = len({*circuit.edges.tolist()})
    sizes = [
        f"{each.layers} layers with {each.heads} heads" for each in [tower.graph for tower in graph.towers] or [graph]
    ]
    words = f"{kept:,} of {graph.n_edges:,} edges of {' and '.join(sizes)}"
    return words + (f", {circuit.about['metric']}" if circuit.about.get("metric") else "")
