"""A small model of random weights for every family and every option of it that changes the arithmetic, in fp64.

All weights are random, biases, norms and LayerScale too: what a library starts at 0 or 1 would hide a mistake. The
norms of Hugging Face compute in fp32 whatever the model's dtype; these ones keep the precision.
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
import types
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import tokenizers
import torch
import torch.nn.functional as F
import transformers
from torch import Tensor, nn

from tests.small_vision import IMAGE, IMAGES, PROJECTED

VOCABULARY = 23
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
_HF_TEXT: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": 16,
    "bos_token_id": None,
    "eos_token_id": VOCABULARY - 1,
    "pad_token_id": None,
}


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


def language_model(name: str, **options: Any) -> nn.Module:
    """A language model of the Llama kind, by the name that its classes begin with."""
    text = "Text" if name in ("Gemma3", "Llama4") else ""
    options = {**_LLAMA, "bos_token_id": None, "eos_token_id": None, **options}
    config = getattr(transformers, f"{name}{text}Config")(**options)
    return getattr(transformers, f"{name}ForCausalLM")(config)  # type: ignore[no-any-return]


_PLAIN: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 16,
    "num_attention_heads": 4,
    "max_position_embeddings": 16,
    "bos_token_id": None,
    "eos_token_id": None,
    "pad_token_id": None,
}


def _gpt_neo() -> nn.Module:
    types = [[["local", "global"], 1], [["local"], 1]]
    config = transformers.GPTNeoConfig(**_PLAIN, num_layers=3, attention_types=types, window_size=3)
    return transformers.GPTNeoForCausalLM(config)


def _gpt_neox(**options: Any) -> nn.Module:
    config = transformers.GPTNeoXConfig(**_PLAIN, num_hidden_layers=3, intermediate_size=24, **options)
    return transformers.GPTNeoXForCausalLM(config)


def _gptj(rotary_dim: int) -> nn.Module:
    return transformers.GPTJForCausalLM(transformers.GPTJConfig(**_PLAIN, num_hidden_layers=3, rotary_dim=rotary_dim))


def _opt(**options: Any) -> nn.Module:
    config = transformers.OPTConfig(**_PLAIN, num_hidden_layers=3, ffn_dim=24, **options)
    return transformers.OPTForCausalLM(config)


def longrope(trained: int) -> dict[str, Any]:
    """LongRoPE of a model that was trained on so many positions: longer texts are turned by other angles."""
    angles = {"rope_theta": 500.0, "short_factor": [1.1, 1.7], "long_factor": [2.3, 3.1], "attention_factor": 1.3}
    kind = {"rope_type": "longrope", "factor": 2.0, **angles}
    return {"rope_parameters": kind, "original_max_position_embeddings": trained}


# With a norm after the norm, a stream that is nothing but rounding would grow to 1e-9 with a smaller epsilon.
_NORMS_AFTER = {"rms_norm_eps": 1e-2}
_CAPS = {"attn_logit_softcapping": 2.0, "final_logit_softcapping": 3.0}
_WINDOWS = {"sliding_window": 3, "layer_types": ["full_attention", "sliding_attention", "full_attention"]}
_GEMMA = {"head_dim": 6, "query_pre_attn_scalar": 5, **_NORMS_AFTER, **_WINDOWS}
_EXPERTS = {"num_experts_per_tok": 2, "num_local_experts": 4}
_LLAMA4 = {
    **_EXPERTS, "head_dim": 6, "intermediate_size_mlp": 20, "no_rope_layer_interval": 2, "attention_chunk_size": 3,
    "floor_scale": 2, "attn_scale": 0.7,
}  # fmt: skip
_QWEN_EXPERTS = {"num_experts_per_tok": 2, "num_experts": 4, "moe_intermediate_size": 6}
_ROTARY = {"rope_type": "default", "rope_theta": 500.0}
_YARN = {"rope_type": "yarn", "rope_theta": 500.0, "factor": 2.0, "original_max_position_embeddings": 8}
_MULTIPLIERS = {
    "embedding_multiplier": 1.7, "residual_multiplier": 0.6, "attention_multiplier": 0.4, "logits_scaling": 2.3
}  # fmt: skip


def text_tower(name: str, **options: Any) -> nn.Module:
    """A text tower by its class's name."""
    sizes = {**_HF_TEXT, "projection_dim": PROJECTED, "projection_size": PROJECTED, **options}
    kind = name.partition("Text")[0]
    return getattr(transformers, name)(getattr(transformers, f"{kind}TextConfig")(**sizes))  # type: ignore[no-any-return]


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
    "qwen3": lambda: language_model("Qwen3", head_dim=6),
    "qwen3-window-biases": lambda: language_model(
        "Qwen3", head_dim=4, use_sliding_window=True, sliding_window=3, max_window_layers=1, attention_bias=True
    ),
    "mixtral": lambda: language_model("Mixtral", **_EXPERTS),
    "mixtral-window": lambda: language_model("Mixtral", sliding_window=3, head_dim=6, **_EXPERTS),
    "qwen2-moe": lambda: language_model(
        "Qwen2Moe", shared_expert_intermediate_size=10, mlp_only_layers=[1], **_QWEN_EXPERTS
    ),
    "qwen2-moe-normed-window": lambda: language_model(
        "Qwen2Moe",
        shared_expert_intermediate_size=10,
        norm_topk_prob=True,
        qkv_bias=False,
        use_sliding_window=True,
        **_WINDOWS,
        **_QWEN_EXPERTS,
    ),
    "qwen3-moe": lambda: language_model("Qwen3Moe", head_dim=6, decoder_sparse_step=2, **_QWEN_EXPERTS),
    "qwen3-moe-window": lambda: language_model(
        "Qwen3Moe", norm_topk_prob=True, use_sliding_window=True, sliding_window=3, **_QWEN_EXPERTS
    ),
    "llama4": lambda: language_model("Llama4", **_LLAMA4),
    "llama4-dense": lambda: language_model(
        "Llama4", **{**_LLAMA4, "interleave_moe_layer_step": 2, "use_qk_norm": False, "attention_bias": True}
    ),
    "gpt-oss": lambda: language_model("GptOss", head_dim=6, sliding_window=3, rope_parameters=_ROTARY, **_EXPERTS),
    "gpt-oss-yarn-no-biases": lambda: language_model(
        "GptOss", head_dim=4, attention_bias=False, swiglu_limit=0.5, rope_parameters=_YARN, **_EXPERTS
    ),
    "smollm3": lambda: language_model("SmolLM3", no_rope_layers=[1, 0, 1]),
    "smollm3-window-biases": lambda: language_model(
        "SmolLM3",
        no_rope_layer_interval=2,
        attention_bias=True,
        mlp_bias=True,
        use_sliding_window=True,
        sliding_window=3,
    ),
    "granite": lambda: language_model("Granite", **_MULTIPLIERS),
    "granite-biases": lambda: language_model("Granite", attention_bias=True, mlp_bias=True, **_MULTIPLIERS),
    "olmo2": lambda: language_model("Olmo2", num_key_value_heads=4, **_NORMS_AFTER),
    "olmo2-grouped": lambda: language_model("Olmo2", **_NORMS_AFTER),
    "olmo3": lambda: language_model("Olmo3", **_NORMS_AFTER, **_WINDOWS),
    "gemma": lambda: language_model("Gemma", head_dim=6, num_key_value_heads=1),
    "gemma-biases": lambda: language_model("Gemma", head_dim=6, attention_bias=True),
    "gemma2": lambda: language_model("Gemma2", **_GEMMA, **_CAPS),
    "gemma2-no-caps": lambda: language_model(
        "Gemma2", **_GEMMA, attn_logit_softcapping=None, final_logit_softcapping=None
    ),
    "gemma3": lambda: language_model("Gemma3", **_GEMMA),
    "gemma3-capped-logits": lambda: language_model("Gemma3", **_GEMMA, **_CAPS),
    "clip-text": lambda: text_tower("CLIPTextModel"),
    "clip-text-projection": lambda: text_tower("CLIPTextModelWithProjection"),
    "clip-text-largest-id": lambda: text_tower("CLIPTextModel", eos_token_id=2, hidden_act="gelu"),
    "siglip-text": lambda: text_tower("SiglipTextModel"),
    "siglip2-text": lambda: text_tower("Siglip2TextModel"),
    "gpt-neo": _gpt_neo,
    "gpt-neox": lambda: _gpt_neox(rotary_pct=0.5),
    "gpt-neox-one-after-the-other": lambda: _gpt_neox(rotary_pct=1.0, use_parallel_residual=False),
    "gpt-neox-no-biases": lambda: _gpt_neox(rotary_pct=0.5, attention_bias=False),
    "gptj": lambda: _gptj(rotary_dim=2),
    "gptj-whole-heads-turned": lambda: _gptj(rotary_dim=4),
    "opt": _opt,
    "opt-narrow-embeddings": lambda: _opt(word_embed_proj_dim=10),
    "opt-no-biases-no-norm-weights": lambda: _opt(enable_bias=False, layer_norm_elementwise_affine=False),
    "opt-no-final-norm": lambda: _opt(_remove_final_layer_norm=True),
    "phi": lambda: language_model("Phi", num_key_value_heads=4),
    "phi-grouped-normed": lambda: language_model("Phi", qk_layernorm=True),
    "phi3": lambda: language_model("Phi3", head_dim=6),
    "phi3-window": lambda: language_model("Phi3", sliding_window=3, partial_rotary_factor=0.5),
    "phi3-longrope-long": lambda: language_model("Phi3", **longrope(2)),
    "phi3-longrope-short": lambda: language_model("Phi3", **longrope(POSITIONS)),
    "stablelm": lambda: language_model("StableLm", partial_rotary_factor=0.5),
    "stablelm-normed-biases": lambda: language_model(
        "StableLm", partial_rotary_factor=0.5, qk_layernorm=True, use_qkv_bias=True
    ),
    "stablelm-parallel": lambda: language_model(
        "StableLm", partial_rotary_factor=1.0, num_key_value_heads=4, use_parallel_residual=True
    ),
    "cohere": lambda: language_model("Cohere", logit_scale=0.3),
    "cohere-normed-biases": lambda: language_model("Cohere", logit_scale=0.3, use_qk_norm=True, attention_bias=True),
    "cohere2": lambda: language_model("Cohere2", logit_scale=0.3, **_WINDOWS),
    "cohere2-biases": lambda: language_model("Cohere2", attention_bias=True, **_WINDOWS),
}
# The others read all that they are given: padding is no less real to them than the rest.
CAUSAL = tuple(family for family in TEXT if not family.startswith("siglip"))
ALL = {**TEXT, **IMAGES}


def small_model(family: str, seed: int = 0) -> nn.Module:
    """A model of the family, of random weights, in fp64 and evaluation mode."""
    module = ALL[family]()
    randomise(module, seed)
    if any(name.endswith("experts") for name, _ in module.named_modules()):
        module.set_experts_implementation("eager")  # type: ignore[operator]  # the grouped kernel takes no fp64
    return keep_precision(module.double().eval())


MULTIPLIERS = re.compile(r"((gamma|lambda)(_?[12])?|[qk]_norm\.weight)$")


def randomise(module: nn.Module, seed: int = 0) -> None:
    """Draw every parameter; what multiplies (norms' weights, LayerScale) about 0.8, so that nothing vanishes."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            drawn = 0.35 * torch.randn(parameter.shape, generator=generator)
            multiplies = MULTIPLIERS.search(name) or (parameter.ndim == 1 and name.endswith("weight"))
            parameter.copy_(0.8 + drawn if multiplies else drawn)


_CAST = re.compile(r"\.to\((dtype=)?torch\.float32\)|\.float\(\)|, dtype=torch\.float(32)?\b")


def keep_precision(module: nn.Module) -> nn.Module:
    """Let norms and routers of Hugging Face, the scores of GPT-Neo and the rotary embeddings of Cohere and Llama 4
    compute in the dtype that they are given: their own code, without its casts to fp32. `_softmax` does the same for
    the softmax of attention."""
    for part in module.modules():
        cls = type(part)
        if cls.__module__.startswith("transformers.") and cls.__name__.endswith(("Norm", "Router")):
            part.forward = types.MethodType(_without_casts(cls.forward), part)
        elif cls.__name__ == "GPTNeoSelfAttention":
            part._attn = types.MethodType(_without_casts(cls._attn), part)  # type: ignore[attr-defined]
        elif cls.__name__ in ("CohereAttention", "Cohere2Attention"):
            _keep_rotary_precision(sys.modules[cls.__module__], "apply_rotary_pos_emb")
        elif cls.__name__ == "Llama4TextAttention":
            _keep_rotary_precision(sys.modules[cls.__module__], "apply_rotary_emb")
    return module


@cache
def _keep_rotary_precision(library: Any, name: str) -> None:
    setattr(library, name, _without_casts(getattr(library, name)))


@cache
def _without_casts(function: Callable[..., Any]) -> Callable[..., Any]:
    source = textwrap.dedent(inspect.getsource(function))
    defined: dict[str, Any] = {}
    source = source.replace("super().", "super(type(self), self).")  # out of its class, it knows none
    exec(_CAST.sub("", source), vars(sys.modules[function.__module__]), defined)
    return defined[function.__name__]  # type: ignore[no-any-return]


_library_softmax = F.softmax


def _softmax(x: Tensor, *args: Any, dtype: torch.dtype | None = None, **options: Any) -> Tensor:
    """The softmax of PyTorch, which leaves fp64 as it is: attention and routers of Hugging Face ask for fp32."""
    return _library_softmax(x, *args, dtype=None if x.dtype == torch.float64 else dtype, **options)


F.softmax = _softmax


def small_input(family: str, seed: int, batch: int = 1) -> Tensor:
    """Token ids [batch, position] or pixels [batch, 3, height, width]."""
    generator = torch.Generator().manual_seed(1000 + seed)
    if family in TEXT:
        if not family.startswith("clip"):
            return torch.randint(VOCABULARY, (batch, POSITIONS), generator=generator)
        ids = torch.randint(VOCABULARY - 1, (batch, POSITIONS), generator=generator)
        ends = torch.arange(batch) % 2 + 2  # the last id ends a prompt, and may stand behind it as padding
        ids[torch.arange(batch), ends] = ids[:, -1] = VOCABULARY - 1
        return ids
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


def save_pair(name: str, folder: Path) -> nn.Module:
    """A small CLIP or SigLIP, both towers, with its tokenizer and image processor."""
    tokenizer = small_tokenizer(pad_token="<s>")
    tokenizer.backend_tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="$A <eos>", special_tokens=[("<eos>", 0)]
    )
    text = {"vocab_size": len(tokenizer), "max_position_embeddings": 9, "eos_token_id": 0, "bos_token_id": None}
    sizes = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = getattr(transformers, f"{name}Config")(
        text_config={**sizes, **text, "projection_size": 16, "pad_token_id": None},
        vision_config={**sizes, "image_size": 12, "patch_size": 4},
        projection_dim=10,
    )
    module: nn.Module = getattr(transformers, f"{name}Model")(config)
    randomise(module)
    module.save_pretrained(folder)  # type: ignore[operator]
    tokenizer.save_pretrained(folder)
    transformers.ViTImageProcessor(size={"height": 12, "width": 12}).save_pretrained(folder)
    return module.eval()
