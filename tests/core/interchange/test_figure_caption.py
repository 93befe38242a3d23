"""The caption of a figure says each thing once."""

from __future__ import annotations

from core.circuit import circuit_of
from core.graph import Graph
from core.interchange.figure import caption_of
from core.interchange.report import Report

CIRCUIT = "the best 1 of 46 edges by EAP-IG over 2 pairs, replaced from B"
ABOUT = {
    "model title": "names",
    "model": "bundled:names",
    "metric": "logit",
    "method": "eap-ig",
    "ranked by": "EAP-IG over 2 pairs",
    "replacement": "patch",
    "ablation": "replaced from B",
    "over": "2 pairs",
    "circuit": CIRCUIT,
}


def told(recovered: str, title: str) -> str:
    """The last line."""
    circuit = circuit_of(Graph(2, 2, 2), ["m0->m1"])
    circuit.about.update(ABOUT | {"recovered": recovered})
    return caption_of(Report(circuit, title))[-1]


def test_what_the_title_says_is_not_said_again() -> None:
    beside = "Opened as: bundled:names. Metric: logit. "
    assert told(f"T{CIRCUIT[1:]}: what they recover is unknown", f"names: {CIRCUIT}") == (
        f"{beside}What they recover is unknown."
    )
    measured = "1 of 46 edges recovers 80 %; a random one 0 %"
    assert told(f"{measured} (replaced from B, over 2 pairs)", f"names: {CIRCUIT}") == (
        f"{beside}1 of 46 edges recovers 80 %; a random one 0 %."
    )


def test_without_such_a_title_all_is_said() -> None:
    measured = "1 of 46 edges recovers 80 % (replaced from B, over 2 pairs)"
    assert told(measured, "a figure").split(". ") == [
        "Model: names",
        "Opened as: bundled:names",
        "Metric: logit",
        "Ranked by: EAP-IG over 2 pairs",
        "Method: eap-ig",
        "A removed edge carries: patch",
        "Over: 2 pairs",
        f"{measured}.",
    ]
