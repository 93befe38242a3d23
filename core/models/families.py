"""Which models Wirescope opens: one table of families, and why others are refused.

Adding a family is one adapter file and one row here.
"""

from __future__ import annotations

from torch import nn

from core.errors import ModelError
from core.models.adapter import Adapter
from core.models.gpt2 import Gpt2Adapter
from core.models.llama import LlamaAdapter
from core.models.vision_hf import Dinov2Adapter, VitAdapter
from core.models.vision_timm import TimmVitAdapter

# The class of the model in its library, and the adapter that states it.
FAMILIES: dict[str, type[Adapter]] = {
    "GPT2LMHeadModel": Gpt2Adapter,
    "LlamaForCausalLM": LlamaAdapter,
    "MistralForCausalLM": LlamaAdapter,
    "Qwen2ForCausalLM": LlamaAdapter,
    "ViTModel": VitAdapter,
    "ViTForImageClassification": VitAdapter,
    "Dinov2Model": Dinov2Adapter,
    "Dinov2ForImageClassification": Dinov2Adapter,
    "VisionTransformer": TimmVitAdapter,
}

SUPPORTED = (
    "Wirescope opens GPT-2, Llama, Mistral, Qwen2 and SmolLM2 language models with their output head; "
    "ViT and DINOv2 of Hugging Face; ViT and DeiT of timm."
)

# Why a kind of model cannot be opened, by how its class's name begins.
_REASONS = {
    "Bert": "it norms the sum after each block, so its stream is no sum of what the components write",
    "Roberta": "it norms the sum after each block, so its stream is no sum of what the components write",
    "DistilBert": "it norms the sum after each block, so its stream is no sum of what the components write",
    "T5": "it has an encoder and a decoder, and with them more than one residual stream",
    "Bart": "it has an encoder and a decoder, and with them more than one residual stream",
    "Swin": "it works in windows at several scales, so it has no one residual stream",
}


def adapt(module: nn.Module) -> Adapter:
    """The adapter of a model. Raises ModelError for a family that is not supported, by name."""
    for cls in type(module).__mro__:
        adapter = FAMILIES.get(cls.__name__)
        if adapter is not None:
            return adapter(module)
    raise unsupported(type(module).__name__)


def unsupported(class_name: str) -> ModelError:
    """The refusal of a model, with the reason where one is known."""
    reason = next((why for start, why in _REASONS.items() if class_name.startswith(start)), "")
    return ModelError(f"{class_name} is not supported{': ' + reason if reason else ''}.", SUPPORTED)
