"""Llama 4's language model: the Llama kind with layers that see their own chunk of the text alone and turn queries and
keys in pairs, and layers that see all of it, turn nothing, and sharpen the queries with their position; a mixture or a
dense MLP by layer."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.models.adapter import Places, part, refuse
from core.models.families.llama import LlamaAdapter
from core.models.family import Family
from core.models.rotary import first_pass, growing_parts, rotate_pairs


class Llama4Adapter(LlamaAdapter):
    family = "Llama 4"
    mlp_name = "feed_forward"
    last_mlp_names = ("feed_forward.down_proj",)

    def refuse_options(self) -> None:
        kinds = set(self.config.layer_types) - {"full_attention", "chunked_attention"}
        reasons = {f"a layer of it has {kind.replace('_', ' ')}": True for kind in sorted(kinds)}
        refuse(self.module, reasons, "Layers with full or chunked attention are supported.")

    def query(self, layer: int, q: Tensor, places: Places, heads: Sequence[int] | None = None) -> Tensor:
        q = self._turned(layer, q, places)
        config = self.config
        if config.no_rope_layers[layer] or not config.attn_temperature_tuning:
            return q
        steps = torch.floor((places.index.float() + 1.0) / config.floor_scale)
        sharper = torch.log1p(steps) * config.attn_scale + 1.0  # [batch or 1, n]
        sharpened: Tensor = (q * sharper[:, :, None, None]).to(q.dtype)
        return sharpened

    def key(self, layer: int, k: Tensor, places: Places, heads: Sequence[int] | None = None) -> Tensor:
        return self._turned(layer, k, places)

    def _turned(self, layer: int, qk: Tensor, places: Places) -> Tensor:
        """Queries or keys turned and then normed, each where the layer does so."""
        if not self.config.no_rope_layers[layer]:
            return qk
        qk = rotate_pairs(qk, *self.angles(layer, qk, places))
        attention = part(self.blocks[layer], self.attention_name)
        if hasattr(attention, "qk_norm"):
            qk = part(attention, "qk_norm")(qk)
        return qk

    def angles(self, layer: int, qk: Tensor, places: Places) -> tuple[Tensor, Tensor]:
        """Its rotary module gives each angle once, as a complex number of size 1."""
        with first_pass(growing_parts(self._rotary)):
            turns = self._rotary(qk, torch.arange(places.length, device=qk.device)[None])[0, places.index]
        return turns.real.repeat_interleave(2, dim=-1), turns.imag.repeat_interleave(2, dim=-1)

    def score_bias(self, layer: int, queries: Places) -> Tensor | None:
        chunk = self.config.attention_chunk_size
        if self.config.layer_types[layer] != "chunked_attention" or not chunk or queries.length <= chunk:
            return None
        keys = torch.arange(queries.length, device=queries.index.device) // chunk
        apart = (queries.index // chunk)[:, None, :, None] != keys
        return torch.zeros(apart.shape, dtype=self.dtype, device=apart.device).masked_fill(apart, float("-inf"))

    def mlp_module(self, layer: int, normed: Tensor) -> Tensor:
        """Of a mixture, whose router is in it, what it writes alone."""
        out = self._mlps[layer](normed)
        written: Tensor = out[0].reshape(normed.shape) if isinstance(out, tuple) else out
        return written


ROWS = (
    Family(
        "Llama 4",
        "text",
        ("Llama4ForCausalLM",),
        Llama4Adapter,
        exact="the language model alone: chunked attention, layers without rotary positions, normed queries and keys, "
        "a mixture or a dense MLP by layer",
    ),
)
