"""What `wirescope evaluate` prints: the verdict, whose scores these are, the curve as a table that explains itself, and
what is said of one circuit, in the words of the window. Everything in it is in the report, which `--json` prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.cli.arguments import ABLATIONS
from app.cli.tables import aligned
from app.presenters.precision import model_of
from core.evaluation.report import statements
from core.evaluation.verdict import verdict
from core.formatting import percent
from core.tracing.selection import RULES, USUAL


def evaluation_words(report: dict[str, Any]) -> str:
    """The report for people."""
    findings = statements(report)
    judged = [f"Verdict on the {_which(report)} {report['size']:,} of {report['edges']:,} {report['what']}:"]
    judged += [line.line for line in verdict(findings)]
    details = [statement.line for statement in findings]
    return "\n".join([*judged, "", *_heading(report), "", *_table(report), "", *_circuit(report), *details])


def _which(report: dict[str, Any]) -> str:
    return "best" if report["chosen by"] == USUAL else "chosen"


def _heading(report: dict[str, Any]) -> Iterator[str]:
    yield f"{report['file']}: {model_of(report)}, scored by {report['method']} for {report['scored for']} ablation"
    if report["partial"]:
        yield f"PARTIAL: the trace was interrupted after {report['partial']}; the whole one may look different."
    if report["chosen by"] != USUAL:
        yield f"edges chosen by {report['chosen by']}: {RULES[report['chosen by']].words}"
    yield f"evaluated on {report['pairs are']}; removed edges carry {ABLATIONS[report['replacement']]}"
    metric = report["metric of the model"]
    right = (
        f"; {percent(report['whole accuracy'])} of the pairs answered rightly" if report["answers"] == "right" else ""
    )
    if "spans" in report:
        yield f"edges are kept at spans: {', '.join(report['spans'])}"
    yield f"metric: {report['metric']}; {metric['whole']:.4g} with every edge, {metric['nothing']:.4g} with none{right}"
    if "marked" in report:
        marked = report["marked"]
        yield (
            f"the circuit that the file marks, {marked['edges']:,} edges, {marked['connected']:,} of them connected, "
            f"recovers {percent(marked['recovered'])}"
        )


def _table(report: dict[str, Any]) -> Iterator[str]:
    answers = report["answers"]
    rows = [["edges", "connected", "recovered", "95 %", "random", "by size", "without"]]
    rows[0] += [answers] if answers else []
    rows[0] += ["union", "edges"] if "union" in report else []
    curves = report["curve"], report["curve by size"], report["curve without them"]
    for place, (one, sized, less) in enumerate(zip(*curves, strict=True)):
        row = [f"{one['edges']:,}", f"{one['connected']:,}", f"{one['recovered']:z.2f}"]
        row += [_between(one["low"], one["high"]), _between(one["random low"], one["random high"])]
        row += [f"{sized['recovered']:z.2f}", f"{less['recovered']:z.2f}"]
        row += [percent(one["accuracy"])] if answers else []
        if "union" in report:
            row += [f"{report['union']['recovered'][place]:z.2f}", f"{report['union']['edges'][place]:,}"]
        rows.append(row)
    yield from aligned(rows, ">" * len(rows[0]))
    if not report["curve"]:
        yield f"{'':>7}the circuit is smaller than the least point of the curve"
    yield ""
    which = _which(report)
    yield f"recovered: (metric of the circuit - with no edge) / (with every edge - with no edge), by the {which} edges"
    yield "95 %: of that, by bootstrap over the pairs; random: lowest and highest of random circuits of as many edges"
    yield f"by size: by the largest scores whatever their sign; without: by the model without the {which} edges"
    if answers == "right":
        yield "right: pairs that the circuit answers rightly"
    elif answers == "same":
        yield "same: pairs that the circuit answers as the whole model does"
    if "union" in report:
        yield "union: recovered by the same edges at all positions, which are so many"
    if report["cpr"] is None:
        yield f"The file is one circuit of {report['one circuit']:,} edges and ranks no more: larger ones are not run."
        return
    yield (
        f"CPR {report['cpr']:z.2f} (area under recovered; above 1 is no merit), CMD {report['cmd']:z.3f} (its distance "
        f"to 1); by size CPR {report['cpr by size']:z.2f}, CMD {report['cmd by size']:z.3f}"
    )
    if "union" in report:
        union = report["union"]
        yield (
            f"of the unions, which keep more, over the same sizes: CPR {union['cpr']:z.2f}, CMD {union['cmd']:z.3f}; "
            f"by size CPR {union['cpr by size']:z.2f}, CMD {union['cmd by size']:z.3f}"
        )


def _between(low: float | None, high: float | None) -> str:
    return "" if low is None else f"{low:z.2f} to {high:z.2f}"


def _circuit(report: dict[str, Any]) -> Iterator[str]:
    """The circuit that is looked at closely, with its band, and what chance would do."""
    circuit = report["circuit"]
    parts = [f"{circuit['connected']:,} of its edges are connected"]
    if circuit["low"] is not None:
        parts.append(f"95 % of resampled sets of pairs give {percent(circuit['low'])} to {percent(circuit['high'])}")
    parts.append(f"random circuits of its size {percent(circuit['random low'])} to {percent(circuit['random high'])}")
    if report.get("chosen by") == "attn-input" and "inputs" in report:
        inputs = report["inputs"]
        parts.append(f"with a head's query, key and value edges as one, {inputs['circuit']:,} of {inputs['of']:,}")
    yield f"the circuit of the {_which(report)} {report['size']:,} edges: {'; '.join(parts)}"
