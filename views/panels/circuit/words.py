"""What the strip under the canvas says of a circuit, each with shorter forms for where there is little room."""

from __future__ import annotations

from core.formatting import counted, metric_digits, number, percent, share_words
from views.panels.circuit.data import CircuitData, KeptData

BEST_TIP = (
    "The circuit keeps the best edges: those that lead towards A most. All others carry their replacement. What leads "
    "away from A goes first, so that more than 100 % can be recovered."
)


def header_words(data: CircuitData) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The header on the left and on the right, each with shorter forms."""
    kept = data.kept
    if not data.edges:
        return ("edges of the circuit",), ("",)
    replaced = data.replaced if kept is None or data.problem else kept.replaced  # the words are of the figure
    by = data.ranked and f"by {data.ranked}"
    short_by, run_on = by.replace(" over ", ", "), _run_on(data)
    if data.size is None and not data.can_trace:
        return ("no edges are scored yet", "none scored"), ("",)
    if data.size is None:
        shown = f"the {data.overview} strongest edges are shown"
        how = data.partial or "type a number, or drag, to keep a circuit"
        notes = (_joined(by, how), _joined(by, data.partial), _joined(short_by, _short_partial(data)))
        short = f"{data.overview} strongest shown"
        if data.nothing_small:
            return (f"{data.nothing_small}; {shown}", f"{data.nothing_small}: {short}", data.nothing_small), notes
        return (shown, short), notes
    edges = "best edges" if data.chosen is None else f"edges {data.chosen.phrase}"
    if kept is None or data.problem:
        note = _joined(by, run_on, data.partial, replaced)
        return (f"{edges} kept", "kept"), (note, _joined(short_by, _short_partial(data)))
    share, left = share_words(kept.share), 1 - kept.share
    rest = f"{share_words(left)} unexplained" if left >= 0 else f"{share_words(-left)} above the whole"
    short_rest = rest if left >= 0 else f"{share_words(-left)} too much"
    if kept.share < 0:  # more than all of it "unexplained" would make no sense
        rest, short_rest = "less than with no edges: nothing is explained", "nothing explained"
    share += _plus_minus(kept)
    edges, recover = (edges.replace("edges", "edge", 1), "recovers") if kept.size == 1 else (edges, "recover")
    titles = (
        f"{edges} {recover} {share} of the behaviour, {rest}",
        f"{edges} {recover} {share}, {rest}",
        f"{recover} {share}, {short_rest}",
        f"{share}, {short_rest}",
    )
    random, kind = share_words(kept.random), replaced.removeprefix("replaced ")
    most = by, run_on, data.partial, replaced
    short = _joined(f"random {random}", short_by, run_on, _short_partial(data), kind)
    shortest = _joined(f"random {random}", short_by, _short_partial(data))
    return titles, (
        _joined(f"random edges {random}", *most),
        _joined(f"random {random}", *most),
        short,
        shortest,
        _joined(short_by, _short_partial(data)),  # which edges are the best ones is always said
    )


def button_words(data: CircuitData) -> tuple[str, str]:
    """What the button in the track does now, or what it waits for; and the same in a word or two."""
    if data.running:
        return "Running circuits of all sizes …", "Running …"
    if data.tracing:
        return "Tracing …", "…"
    if data.in_part:
        return "No curve: the file scores only some of the edges", "No curve"
    return ("Run circuits of all sizes", "Run") if data.can_run else ("Trace to see the curve", "Trace")


def size_words(data: CircuitData) -> str:
    if data.chosen is None:
        return BEST_TIP
    return f"The circuit keeps {data.chosen.words}. All other edges carry their replacement."


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _run_on(data: CircuitData) -> str:
    """What circuits are run on, where it is not what their edges were ranked over."""
    return "" if data.ranked.endswith(f" over {data.over}") else f"run on {data.over}"


def _short_partial(data: CircuitData) -> str:
    """ "partial: 37 %"."""
    return data.partial.removesuffix(" of the work")


def _plus_minus(kept: KeptData) -> str:
    """Half of the confidence band, in per cent: " ± 4"."""
    return "" if kept.band is None else f" ± {number(50 * (kept.band[1] - kept.band[0]), 0)}"


def _over(kept: KeptData | None) -> str:
    return "" if kept is None or not kept.pairs else f"{kept.pairs} pair{'s' * (kept.pairs != 1)}"


def run_words(kept: KeptData) -> str:
    digits = metric_digits(kept.whole, kept.metric)
    over = ""
    if kept.pairs:
        over = f" These are means over {_over(kept)}; ± is half of the 95 % band (bootstrap over the pairs)."
        if kept.accuracy is not None and kept.whole_accuracy is not None:
            over += f" The circuit answers {percent(kept.accuracy)} of them rightly, "
            over += f"the whole model {percent(kept.whole_accuracy)}."
    return (
        f"The metric is {number(kept.metric, digits)} with the circuit alone, {number(kept.whole, digits)} with all "
        f"edges. {kept.connected:,} of the {counted(kept.size, 'edge')} lie{'s' * (kept.connected == 1)} on a path "
        f"from input to output.{over}"
    )
