"""Attribution per token as the tint of card A."""

from __future__ import annotations

import numpy as np

from core.tracing.meaning import leads_away
from views.panels.inputs.data import Tint
from views.panels.inspector.lens_data import TokensData


def tint_of(data: TokensData) -> Tint | None:
    """The tints of card A's tokens or patches: the share of the largest, orange where replacing leads away from A. None
    where there are no effects."""
    effects = data.estimated if data.measured is None else data.measured
    if effects is None:
        return None
    shown = effects[data.prefix :] if data.patches else effects
    largest = float(np.abs(shown).max()) if shown.size else 0.0
    signs = [-1.0 if leads_away(float(value), data.direction) else 1.0 for value in shown]
    shares = tuple(
        sign * abs(float(value)) / largest if largest > 0 else 0.0 for sign, value in zip(signs, shown, strict=True)
    )
    how = "estimated by integrated gradients" if data.measured is None else "measured"
    what = "patch" if data.patches else "token"
    legend = "the bluer, the larger its effect" if data.patches else "blue: towards A · orange: away"
    tip = f"What replacing each {what} does to {data.metric} ({data.replaced}; {how}); the fuller, the more."
    return Tint(shares, legend, tip)
