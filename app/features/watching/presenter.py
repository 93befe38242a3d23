"""What is watched, and what is said of an input, in words."""

from __future__ import annotations

from collections.abc import Sequence

from app.features.watching.queries import Verdict, WatchQuery, WatchReply
from core.edits import Target
from core.formatting import counted, percent, pretty_name, signed
from core.graph import Node
from views.panels.watching.data import CardVerdict, WatchingData


def watched_words(parts: Sequence[Target]) -> str:
    """ "50 edges and 2 nodes" """
    if not parts:
        return "every node"
    if len(parts) == 1:
        return pretty_name(parts[0].name)
    nodes = sum(isinstance(part, Node) for part in parts)
    edges = len(parts) - nodes
    return " and ".join([counted(edges, "edge")] * (edges > 0) + [counted(nodes, "node")] * (nodes > 0))


def watching(query: WatchQuery, reply: WatchReply | None) -> WatchingData:
    """The line under the cards."""
    watched = watched_words(query.parts)
    if reply is None:
        return WatchingData(
            f"Learning from {counted(len(query.rows), 'input')} what {watched} usually carries …", ("Learning …",)
        )
    learnt = reply.fitted + reply.calibrated
    tip = (
        f"What is usual is from {counted(reply.fitted, 'clean input')} of the dataset, the threshold from "
        f"{counted(reply.calibrated, 'other')}. Of inputs like these at most {percent(reply.false_alarms, 1)} are "
        "called unusual, on average. The model is watched without the edits."
    )
    short = f"Watching {watched}"
    return WatchingData(f"{short}, learnt from {counted(learnt, 'input')}", (short, "Watching"), tip, able=True)


def verdict(said: Verdict | None, calibrated: int, stale: bool) -> CardVerdict:
    """The line on a card."""
    if said is None:
        return CardVerdict()
    far = ", ".join(f"{pretty_name(name)} {signed(deviations, 1)}" for name, deviations in said.farthest)
    tip = f"Farthest out, in standard deviations of the dataset's inputs: {far}."
    if not said.unusual:
        more = percent(said.more)
        long, shorter = f"Usual: {more} of the dataset's inputs carry more", f"Usual: {more} carry more"
    elif said.more:
        less = percent(1 - said.more, 1)
        long, shorter = f"Unusual: carries more than {less} of the dataset's inputs", f"Unusual: more than {less}"
        tip += " It is unlike the dataset's inputs; that does not say that something is wrong with it."
    else:
        compared = f"all {calibrated:,} of the dataset's inputs that it is compared with"
        long, shorter = f"Unusual: carries more than {compared}", f"Unusual: carries more than all {calibrated:,}"
        tip += " It is unlike the dataset's inputs; that does not say that something is wrong with it."
    return CardVerdict(long, (shorter, shorter.partition(":")[0]), tip, said.unusual, stale)
