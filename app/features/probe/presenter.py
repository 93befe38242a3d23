"""What is known of a probe, as the dialog shows it."""

from __future__ import annotations

from core.formatting import percent
from core.models.probe import Probe
from core.probing.words import about_words, accuracy_words, baseline_words, left_out, unknowns
from views.panels.probe.data import ClassRow, ProbeData

MOST_ANSWERS = 3  # wrong ones of a class that are named


def probe_data(probe: Probe) -> ProbeData:
    report = probe.report
    known = report.accuracy is not None
    rows = []
    for place, name in enumerate(probe.classes):
        answers = report.confusion[place] if known else ()
        wrong = sorted(((count, at) for at, count in enumerate(answers) if count and at != place), reverse=True)
        named = [f"{probe.classes[at]} {count:,}" for count, at in wrong[:MOST_ANSWERS]]
        more = [f"and {len(wrong) - MOST_ANSWERS} more"] if len(wrong) > MOST_ANSWERS else []
        right = f"{percent(answers[place] / report.counts[place])}" if known else "–"
        rows.append(ClassRow(name, f"{report.counts[place]:,}", right, ", ".join([*named, *more])))
    return ProbeData(
        about=f"{about_words(probe)}.",
        accuracy=f"{accuracy_words(report).removesuffix('.')}.",
        baseline=f"{baseline_words(probe)}." if known else "",
        left_out=tuple(left_out(report)),
        unknown=tuple(unknowns(probe)),
        rows=tuple(rows),
    )
