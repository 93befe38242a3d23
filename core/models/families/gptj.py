"""GPT-J: attention and MLP in parallel behind one LayerNorm, partial rotary positions that turn numbers in pairs, an
unembedding with a bias."""

from __future__ import annotations

from torch import Tensor

from core.models.adapter import Places
from core.models.families.llama import LlamaAdapter
from core.models.family import Family
from core.models.rotary import rotate_pairs


class GptjAdapter(LlamaAdapter):
    family = "GPT-J"
    final_norm_path = "transformer.ln_f"
    attention_norm_name = "ln_1"
    mlp_norm_name = "ln_1"
    blocks_path = "transformer.h"
    embedding_path = "transformer.wte"
    rotary_path = "transformer.rotary_emb"
    attention_name = "attn"
    output_name = "out_proj"
    last_mlp_names = ("mlp.fc_out",)
    parallel = True

    def turn(self, layer: int, qk: Tensor, places: Places) -> Tensor:
        sin, cos = self.angles(layer, qk, places)  # its rotary module gives each angle once, the sine first
        return rotate_pairs(qk, cos.repeat_interleave(2, dim=-1), sin.repeat_interleave(2, dim=-1))


ROWS = (
    Family(
        "GPT-J",
        "text",
        ("GPTJForCausalLM",),
        GptjAdapter,
        exact="parallel attention and MLP behind one norm, partial rotary positions in pairs",
    ),
)
