"""The engine's own pass over A beside the model's forward: a session is refused where they disagree."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from core.engine.engine import Engine
from core.engine.sizes import own_bytes
from core.engine.state import at_last
from core.models.cause import disagreement
from core.parity import PARITY_LIMITS, Parity
from core.precision import widened


def check_parity(engine: Engine, inputs: Tensor, title: str) -> Parity:
    """Compare the engine's run over A, [batch, outputs], with the model's own forward over the same
    inputs, as many rows at a time as there is memory for. title: of the model, for messages. Raises ModelError where
    they disagree."""
    adapter, output = engine.adapter, at_last(engine.clean().output)
    step = max(1, engine.memory // (2 * own_bytes(adapter, engine.length)))  # rows at a time
    difference, highest, lowest = 0.0, -math.inf, math.inf
    with torch.no_grad():
        for start in range(0, engine.batch, step):
            rows = slice(start, start + step)
            reads = None if engine.reads is None else engine.reads[rows]
            answer = widened(adapter.own_answers(inputs[rows], reads))
            apart = float((answer - output[rows]).abs().max())
            difference = apart if math.isnan(apart) else max(difference, apart)
            highest, lowest = max(highest, float(answer.max())), min(lowest, float(answer.min()))
    spread = highest - lowest
    relative = difference / spread if spread > 0 else difference
    limit = PARITY_LIMITS[adapter.dtype]
    if not relative <= limit:  # also where a number is not finite
        raise disagreement(adapter, title, difference, relative, limit)
    return Parity(difference, relative, limit)
