"""OLMo 2 and 3: no norm before attention or MLP but one after each, and a norm of all queries of a layer together, and
of all its keys. OLMo 3 adds windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from core.models.adapter import AttentionWeights, Places, part, rms_scale, weight
from core.models.families.gemma import refuse_bias_before_norm
from core.models.families.llama import LlamaAdapter
from core.models.family import Family
from core.models.wiring import Wiring


class Olmo2Adapter(LlamaAdapter):
    family = "OLMo 2"
    attention_norm_name = None
    mlp_norm_name = None
    after_mlp_name = "post_feedforward_layernorm"
    q_norm_name = "self_attn.q_norm"
    k_norm_name = "self_attn.k_norm"
    coupled = True

    def refuse_options(self) -> None:
        super().refuse_options()
        refuse_bias_before_norm(self)

    def attention_weights(self, layer: int) -> AttentionWeights:
        block = self.blocks[layer]
        after = weight(block, "post_attention_layernorm.weight").detach()
        scale = rms_scale(after, part(block, "post_attention_layernorm").variance_epsilon)
        return replace(super().attention_weights(layer), joint_scale=scale)

    def wiring(self, layer: int) -> Wiring:
        return replace(super().wiring(layer), joint=("post_attention_layernorm", 0.0))

    def query(self, layer: int, q: Tensor, places: Places, heads: Sequence[int] | None = None) -> Tensor:
        return self.turn(layer, self._q_norms[layer](q.flatten(2)).reshape(q.shape), places)

    def key(self, layer: int, k: Tensor, places: Places, heads: Sequence[int] | None = None) -> Tensor:
        return self.turn(layer, self._k_norms[layer](k.flatten(2)).reshape(k.shape), places)


class Olmo3Adapter(Olmo2Adapter):
    family = "OLMo 3"

    def rotary_kind(self, layer: int) -> str | None:
        return str(self.config.layer_types[layer])


ROWS = (
    Family(
        "OLMo 2",
        "text",
        ("Olmo2ForCausalLM",),
        Olmo2Adapter,
        exact="norms after attention and MLP alone, a norm of all queries and of all keys",
        refused="attention biases: a norm follows them",
    ),
    Family(
        "OLMo 3",
        "text",
        ("Olmo3ForCausalLM",),
        Olmo3Adapter,
        exact="as OLMo 2, windows in some layers",
        refused="attention biases: a norm follows them",
    ),
)
