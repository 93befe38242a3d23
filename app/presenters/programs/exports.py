"""The circuit that is shown, as text or as a file."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from app.messages.replies import DeltasReply, ScoresReply
from app.presenters.exported_circuit import circuit_shown, circuit_text
from app.presenters.programs.host import DocumentReplies, Host
from app.presenters.report import report_shown
from app.presenters.snapshot import Snapshot
from core.circuit import EXPORTERS, Circuit
from core.circuit.circuit import MOST_DRAWN
from core.door.tool import Answer, Call, Parameters
from core.errors import ArgumentError
from core.formatting import counted
from core.pictures.circuit import circuit_svg
from core.saving import save_new_text, save_text

MOST_CHARACTERS = 2_000_000  # of an answer
SVG, MARKDOWN = "svg", "markdown"
ENDINGS = {SVG: ".svg", MARKDOWN: ".md"}


class Export(Parameters, frozen=True, kw_only=True):
    """The form, and where it is written."""

    kind: Annotated[
        str, Meta(max_length=32, description="json, svg, markdown, csv, dot, graphml, gexf, tikz, html and others")
    ] = "json"
    file: Annotated[
        str, Meta(max_length=1000, description="below the folder of the door; empty: the text is the answer")
    ] = ""
    overwrite: bool = False


def export(host: Host, told: Export, call: Call) -> Answer:
    """Give away the circuit that is shown, with what it was made of."""
    if told.kind not in EXPORTERS and told.kind not in ENDINGS:
        forms = ", ".join([*ENDINGS, *EXPORTERS])
        raise ArgumentError(f"There is no form {told.kind!r} of a circuit.", f"There are: {forms}.")
    place = None
    if told.file:
        ending = ENDINGS.get(told.kind) or EXPORTERS[told.kind].ending
        place = host.permits.place(told.file)
        if place.suffix.lower() != ending:
            raise ArgumentError(f"{told.file!r} does not end in {ending}.")
        if place.exists() and not told.overwrite:
            raise _is_there(told.file)
        if not place.parent.is_dir():
            raise ArgumentError(f"There is no folder for {told.file!r}.", "Name one that is there.")
    shown = _shown(host.find(call))
    text, edges = _text(shown, told.kind), len(circuit_shown(shown))
    if place is None:
        if len(text) > MOST_CHARACTERS:
            raise ArgumentError(
                f"This comes to {len(text):,} characters, and an answer has at most {MOST_CHARACTERS:,}.",
                "Name a file, or keep fewer edges.",
            )
        return {"words": f"{counted(edges, 'edge')} as {told.kind}.", "kind": told.kind, "text": text}
    try:
        if told.overwrite:
            save_text(place, text)
        else:
            save_new_text(place, text)
    except FileExistsError:  # it has come meanwhile
        raise _is_there(told.file) from None
    return {"words": f"{counted(edges, 'edge')} as {told.kind}, in {told.file}.", "kind": told.kind, "file": told.file}


def _is_there(name: str) -> ArgumentError:
    return ArgumentError(f"{name!r} is there already.", "Take another name, or say overwrite.")


def _shown(replies: DocumentReplies) -> Snapshot:
    deltas = replies.get(DeltasReply)
    values = {} if deltas is None else deltas.values
    alone = deltas is not None and deltas.alone
    return Snapshot(
        replies.document,
        replies.opened,
        replies.ran,
        replies.of(ScoresReply),
        None,
        {} if alone else values,
        values,
        replies.ready.has_counterfactual,
        replies.ready.labels,
        replies.ready,
    )


def _text(shown: Snapshot, kind: str) -> str:
    """Raises ArgumentError for a picture of too many edges."""
    if kind == "json":
        return circuit_text(shown)
    circuit = circuit_shown(shown)
    if kind == MARKDOWN:
        return _markdown(shown, circuit)
    if kind != SVG:
        return EXPORTERS[kind].text(report_shown(shown))
    if not 0 < len(circuit) <= MOST_DRAWN:
        raise ArgumentError(
            f"A picture of {counted(len(circuit), 'edge')} shows nothing.", f"Keep 1 to {MOST_DRAWN:,} of them."
        )
    away = -1.0 if circuit.about.get("direction") == "-1" else 1.0
    scores = [None if (score := circuit.score(place)) is None else score * away for place in range(len(circuit))]
    return circuit_svg(circuit.graph, [*circuit], circuit.names, scores, shown.subject.circuit, circuit.groups)


def _markdown(shown: Snapshot, circuit: Circuit) -> str:
    """What it is of, and a table of its edges."""
    subject = shown.subject
    lines = [f"# {subject.model}: the {subject.circuit}", "", f"{subject.scores_words}. {subject.recovered_words}.", ""]
    lines += [
        f"A: {_line(subject.inputs[0])}",
        "",
        f"B: {_line(subject.inputs[1])}",
        "",
        "| edge | score |",
        "|---|---:|",
    ]
    for place, name in enumerate(circuit.names):
        score = circuit.score(place)
        lines.append(f"| `{name}` | {'' if score is None else f'{score:.4g}'} |")
    return "\n".join([*lines, ""])


def _line(text: str) -> str:
    """Text of others in one line, without marks of Markdown."""
    return " ".join(text.split()).replace("`", "'").replace("<", "&lt;").replace("|", "\\|") or "none"
