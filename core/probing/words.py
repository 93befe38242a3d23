"""What is known of a probe, and what is not, in sentences: for the window and the terminal alike. Imports no torch."""

from __future__ import annotations

from core.formatting import percent
from core.models.probe import KINDS, READS, Probe, ProbeReport

FEW = 30  # pictures of the smallest class


def accuracy_words(report: ProbeReport) -> str:
    """ "92.0 % right on pictures that it was not fitted on: 23 of 25, 95 % interval 75.0 % to 97.8 %" """
    if report.accuracy is None:
        return f"Not known. {report.unproved}"
    return (
        f"{percent(report.accuracy, 1)} right on pictures that it was not fitted on: {report.correct:,} of "
        f"{report.pictures:,}, 95 % interval {percent(report.low, 1)} to {percent(report.high, 1)}"
    )


def baseline_words(probe: Probe) -> str:
    """What the cheapest rival gets."""
    report = probe.report
    largest = probe.classes[report.counts.index(max(report.counts))]
    return f"Always to answer “{largest}” is right in {percent(report.majority, 1)}"


def about_words(probe: Probe) -> str:
    """What it is."""
    kind = KINDS[probe.kind][0].upper() + KINDS[probe.kind][1:]
    return f"{kind} over {READS[probe.reads]}; {len(probe.classes):,} classes, {probe.report.pictures:,} pictures"


def left_out(report: ProbeReport) -> list[str]:
    """What of the folders was not used, and why."""
    lines = []
    if report.broken_count:
        first = "; ".join(f"{name}: {why}" for name, why in report.broken[:3])
        more = f"; and {report.broken_count - 3:,} more" if report.broken_count > 3 else ""
        what = "1 picture" if report.broken_count == 1 else f"{report.broken_count:,} pictures"
        lines.append(f"{what} could not be read ({first}{more}).")
    if report.copies:
        what = "1 copy" if report.copies == 1 else f"{report.copies:,} copies"
        lines.append(f"{what} of other pictures left out.")
    if report.contradictions:
        lines.append(f"{report.contradictions:,} files left out: the same picture lies in two classes.")
    if report.absent:
        more = f" and {len(report.absent) - 3:,} more" if len(report.absent) > 3 else ""
        lines.append(f"No class, as no picture could be taken: {', '.join(report.absent[:3])}{more}.")
    return lines


def unknowns(probe: Probe) -> list[str]:
    """What these figures do not say."""
    report = probe.report
    lines = [
        "It always answers one of its classes, also for a picture of none of them.",
        "The figure is of pictures like these. A probe may read the background, the light or the camera, where these "
        "differ between the folders.",
    ]
    if report.accuracy is not None:
        lines.append(
            "Copies that differ a little (a smaller one, frames of one film) are not known as copies; they make the "
            "figure too good."
        )
    if report.accuracy is not None and report.low <= report.majority:
        lines.insert(0, "It is not shown to be better than always answering the largest class.")
    if report.accuracy is not None and min(report.counts) < FEW:
        lines.append(f"The smallest class has {min(report.counts):,} pictures: more of them would narrow the interval.")
    if max(report.counts) >= 3 * min(report.counts):
        lines.append("Some classes have over three times as many pictures as others: look at each class by itself.")
    if probe.kind == "means":
        lines.append("The shares that it shows order the classes; they are no probabilities to rely on.")
    return lines


def report_lines(probe: Probe) -> list[str]:
    """All of it, a line each; the confusion table is apart."""
    report = probe.report
    lines = [about_words(probe), accuracy_words(report), *([] if report.accuracy is None else [baseline_words(probe)])]
    return [*lines, *left_out(report), *unknowns(probe)]
