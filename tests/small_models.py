"""A small model of random weights for every family and every option of it that changes the arithmetic, in fp64.

All weights are random, biases, norms and LayerScale too: what a library starts at 0 or 1 would hide a mistake. The
RMSNorms of Hugging Face compute in fp32 whatever the model's dtype; these ones keep the precision.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import timm
import tokenizers
import torch
import torch.nn.functional as F
import transformers
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

VOCABULARY = 23
CLASSES = 7
IMAGE = 12
POSITIONS = 7  # of the text inputs

_LLAMA: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 16,
    "rms_norm_eps": 1e-5,
    "pad_token_id": None,
}
_HF_IMAGE: dict[str, Any] = {
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "image_size": IMAGE,
    "patch_size": 4,
    "pooler_output_size": 16,
}
_DINOV2: dict[str, Any] = {k: v for k, v in _HF_IMAGE.items() if k not in ("intermediate_size", "pooler_output_size")}
_DINOV2["mlp_ratio"] = 2


def _gpt2(**options: Any) -> nn.Module:
    options = {"vocab_size": VOCABULARY, **options}
    config = transformers.GPT2Config(
        n_positions=16,
        n_embd=16,
        n_layer=3,
        n_head=4,
        bos_token_id=None,
        eos_token_id=None,
        **options,
    )
    return transformers.GPT2LMHeadModel(config)


def _llama(**options: Any) -> nn.Module:
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(**{**_LLAMA, **options}))


def _mistral(**options: Any) -> nn.Module:
    return transformers.MistralForCausalLM(transformers.MistralConfig(**{**_LLAMA, **options}))


def _qwen2(**options: Any) -> nn.Module:
    return transformers.Qwen2ForCausalLM(transformers.Qwen2Config(**{**_LLAMA, **options}))


def _gemma2(**options: Any) -> nn.Module:
    sizes = {**_LLAMA, "num_hidden_layers": 3, "head_dim": 6, "query_pre_attn_scalar": 5, "sliding_window": 3}
    sizes["rms_norm_eps"] = 1e-2  # a norm of nothing but rounding, after a norm of the same, would blow it up to 1e-9
    caps = {"attn_logit_softcapping": 2.0, "final_logit_softcapping": 3.0}
    return transformers.Gemma2ForCausalLM(transformers.Gemma2Config(**{**sizes, **caps, **options}))


def _timm(**options: Any) -> nn.Module:
    fixed = {"img_size": IMAGE, "patch_size": 4, "embed_dim": 16, "depth": 2, "num_heads": 4, "num_classes": CLASSES}
    return VisionTransformer(**{**fixed, **options})


def _deit() -> nn.Module:
    sizes = {"img_size": IMAGE, "patch_size": 4, "embed_dim": 16, "depth": 2, "num_heads": 4, "num_classes": CLASSES}
    return timm.create_model("deit_tiny_patch16_224", pretrained=False, **sizes)


def _vit(head: bool, **options: Any) -> nn.Module:
    config = transformers.ViTConfig(**_HF_IMAGE, num_labels=CLASSES)
    return transformers.ViTForImageClassification(config) if head else transformers.ViTModel(config, **options)


def _dinov2(head: bool, **options: Any) -> nn.Module:
    config = transformers.Dinov2Config(**_DINOV2, num_labels=CLASSES, **options)
    return transformers.Dinov2ForImageClassification(config) if head else transformers.Dinov2Model(config)


TEXT: dict[str, Callable[[], nn.Module]] = {
    "gpt2": _gpt2,
    "gpt2-scaled-by-layer": lambda: _gpt2(scale_attn_by_inverse_layer_idx=True),
    "llama": lambda: _llama(num_key_value_heads=4),
    "llama-grouped": _llama,
    "llama-biases-wide-heads": lambda: _llama(head_dim=6, attention_bias=True, mlp_bias=True),
    "mistral": lambda: _mistral(sliding_window=None),
    "mistral-window": lambda: _mistral(sliding_window=3),
    "qwen2": _qwen2,
    "qwen2-window": lambda: _qwen2(use_sliding_window=True, sliding_window=3, max_window_layers=1),
    "gemma2": _gemma2,
    "gemma2-no-caps": lambda: _gemma2(attn_logit_softcapping=None, final_logit_softcapping=None),
}
IMAGES: dict[str, Callable[[], nn.Module]] = {
    "timm-vit": _timm,
    "timm-vit-average": lambda: _timm(global_pool="avg"),
    "timm-vit-layerscale": lambda: _timm(init_values=0.1),
    "timm-vit-registers": lambda: _timm(reg_tokens=4, no_embed_class=True, init_values=0.1),
    "timm-vit-no-class-token": lambda: _timm(class_token=False, global_pool="avg"),
    "timm-vit-norm-before": lambda: _timm(pre_norm=True),
    "timm-vit-no-head": lambda: _timm(num_classes=0),
    "timm-deit": _deit,
    "vit": lambda: _vit(head=False),
    "vit-no-pooler": lambda: _vit(head=False, add_pooling_layer=False),
    "vit-classifier": lambda: _vit(head=True),
    "dinov2": lambda: _dinov2(head=False),
    "dinov2-classifier": lambda: _dinov2(head=True),
    "dinov2-gated": lambda: _dinov2(head=False, use_swiglu_ffn=True),
}
ALL = {**TEXT, **IMAGES}


def small_model(family: str, seed: int = 0) -> nn.Module:
    """A model of the family, of random weights, in fp64 and evaluation mode."""
    module = ALL[family]()
    randomise(module, seed)
    return keep_precision(module.double().eval())


def randomise(module: nn.Module, seed: int = 0) -> None:
    """Draw every parameter; what multiplies (norms' weights, LayerScale) about 0.8, so that nothing vanishes."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            drawn = 0.35 * torch.randn(parameter.shape, generator=generator)
            multiplies = name.endswith(("gamma", "lambda1")) or (parameter.ndim == 1 and name.endswith("weight"))
            parameter.copy_(0.8 + drawn if multiplies else drawn)


def keep_precision(module: nn.Module) -> nn.Module:
    """Let the RMSNorms compute in the dtype that they are given, as `_softmax` does."""
    for part in module.modules():
        if type(part).__name__.endswith("RMSNorm"):
            part.forward = types.MethodType(_rms_norm, part)
    return module


def _rms_norm(norm: Any, x: Tensor) -> Tensor:
    """The norm as its class states it. Gemma's weights stand for what they differ from 1."""
    epsilon = norm.eps if hasattr(norm, "eps") else norm.variance_epsilon
    weight = 1.0 + norm.weight if type(norm).__name__.startswith("Gemma") else norm.weight
    variance: Tensor = x.pow(2).mean(-1, keepdim=True)
    result: Tensor = weight * (x * torch.rsqrt(variance + epsilon))
    return result


_library_softmax = F.softmax


def _softmax(x: Tensor, *args: Any, dtype: torch.dtype | None = None, **options: Any) -> Tensor:
    """The softmax of PyTorch, which leaves fp64 as it is: attention and routers of Hugging Face ask for fp32."""
    return _library_softmax(x, *args, dtype=None if x.dtype == torch.float64 else dtype, **options)


F.softmax = _softmax


def small_input(family: str, seed: int, batch: int = 1) -> Tensor:
    """Token ids [batch, position] or pixels [batch, 3, height, width]."""
    generator = torch.Generator().manual_seed(1000 + seed)
    if family in TEXT:
        return torch.randint(VOCABULARY, (batch, POSITIONS), generator=generator)
    return torch.randn(batch, 3, IMAGE, IMAGE, generator=generator, dtype=torch.float64)


WORDS = ("When", " Mary", " John", " Tom", "Mary", " gave", " a", " drink", " to", " the", " store", ",")


def small_tokenizer(**special: str) -> transformers.PreTrainedTokenizerFast:
    """A tokenizer of a few words with their spaces; other words fall into letters."""
    letters = " .abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ\n"
    pieces = [("<eos>", 0.0), ("<unk>", 0.0), ("<s>", 0.0)]
    pieces += [(word, -1.0) for word in WORDS] + [(letter, -10.0) for letter in letters]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.Unigram(pieces, unk_id=1))
    tokenizer.decoder = tokenizers.decoders.Fuse()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<eos>", unk_token="<unk>", **special
    )


def small_text_model(seed: int = 0) -> tuple[nn.Module, transformers.PreTrainedTokenizerFast]:
    """A GPT-2 for that tokenizer, with a context of 16 tokens."""
    tokenizer = small_tokenizer()
    module = _gpt2(vocab_size=len(tokenizer))
    randomise(module, seed)
    return module.double().eval(), tokenizer
