"""Sizes of a configuration that no model has: said before the libraries lay it out, which would take them for granted,
or hours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import ModelError

LAYERS, HEADS, KEY_HEADS, WIDTH = "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "hidden_size"
# Many times those of the largest published models, and laid out in less than a minute.
MOST = {
    LAYERS: 1_000,
    HEADS: 1_024,
    KEY_HEADS: 1_024,
    WIDTH: 1_000_000,
    "intermediate_size": 10_000_000,
    "vocab_size": 100_000_000,
}
OF_TIMM = {LAYERS: "depth", HEADS: "num_heads", WIDTH: "embed_dim"}


def check_sizes(described: Mapping[str, Any], names: Mapping[str, str], inside: str = "") -> None:
    """Raise ModelError for a size that is no whole number from 1 to the most. names: what a configuration calls them,
    where that differs. inside: of which part this is, as "text_config."."""
    for size, most in MOST.items():
        for name in dict.fromkeys((size, names.get(size, size))):
            value = described.get(name)
            if value is None or isinstance(value, list):  # as the architecture has it; one of each layer or stage
                continue
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
                raise ModelError(
                    f"The configuration says {inside}{name}: {str(value)[:40]}, which no model has.",
                    f"It is a whole number from 1 to {most:,}.",
                )
    for part in () if inside else ("text_config", "vision_config"):
        if isinstance(described.get(part), dict):
            check_sizes(described[part], names, f"{part}.")


def check_shared_heads(config: Any) -> None:
    """Raise ModelError where the heads of attention cannot be shared out among those of its keys and values."""
    heads, keys = getattr(config, HEADS, None), getattr(config, KEY_HEADS, None)
    if isinstance(heads, int) and isinstance(keys, int) and heads % keys:
        raise ModelError(
            f"The configuration says {keys:,} heads of keys and values for {heads:,} heads.",
            f"As many heads share each: {KEY_HEADS} must divide {HEADS}.",
        )
