"""What the evaluation needs before it can say anything. Imports nothing, so that the window can name it at once."""

from __future__ import annotations

LEAST_PAIRS = 8  # of the three tests: with fewer, none can speak against anything
MOST = 0.8  # of the behaviour: a circuit that recovers so much is looked at, where nobody has chosen a size
