"""The metric as the user sets it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MetricChoice:
    """The metric as the user sets it. `target` and `foil` are answers as text or class names."""

    kind: str
    target: str = ""
    foil: str = ""
