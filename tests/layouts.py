"""Where the parts of the original models are, for the oracle's hooks. It shares no code with core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

Projections = list[tuple[nn.Module, list[tuple[str, int, slice]]]]


@dataclass(frozen=True)
class Block:
    """The modules of one layer. projections: (module, [(port, head, slice of its output)]). mlp: what it writes comes
    out of it. joint: a norm of what the heads write together. stream: whose first input is the stream, where no norm
    before attention sees it. inner: a norm of all heads' z, before the output projection; nothing where it is an
    Identity. Where the norms of attention and MLP are one, the MLP's input comes from it."""

    attention_norm: nn.Module
    projections: Projections
    output: nn.Module
    scale: nn.Module
    mlp_norm: nn.Module
    mlp: nn.Module
    mlp_scale: nn.Module
    joint: nn.Module | None = None
    stream: nn.Module | None = None
    inner: nn.Module | None = None


@dataclass(frozen=True)
class Layout:
    """Where the parts of a model are. norm: which sees the whole stream at the end; None: the stream is what the last
    block gives, `last`."""

    blocks: list[Block]
    norm: nn.Module | None
    heads: int
    kv_heads: int
    parallel: bool = False
    last: nn.Module | None = None


def layout(model: Any) -> Layout:
    """Find the parts of a model by its class's name."""
    kind = type(model).__name__
    if kind == "Probed":
        return layout(model.encoder)
    if kind.startswith("GPT2"):
        config, parts = model.config, model.transformer
        blocks = [
            Block(
                b.ln_1, _fused(b.attn.c_attn, config.n_head, config.n_embd), b.attn.c_proj, _none(),
                b.ln_2, b.mlp, _none(),
            )
            for b in parts.h
        ]  # fmt: skip
        return Layout(blocks, parts.ln_f, config.n_head, config.n_head)
    if kind.startswith("VisionTransformer"):
        heads = model.blocks[0].attn.num_heads
        blocks = [
            Block(
                b.norm1, _fused(b.attn.qkv, heads, b.attn.qkv.out_features // 3), b.attn.proj, b.ls1,
                b.norm2, b.mlp, b.ls2, inner=b.attn.norm,
            )
            for b in model.blocks
        ]  # fmt: skip
        return Layout(blocks, model.norm, heads, heads)
    if kind == "Eva":
        attention = model.blocks[0].attn
        heads = attention.num_heads
        kv_heads = getattr(attention, "num_kv_heads", heads)
        blocks = [
            Block(
                b.norm1,
                _separate(b.attn, heads, kv_heads) if b.attn.qkv is None else _fused(b.attn.qkv, heads, 16),
                b.attn.proj, _scale(b, "gamma_1"), b.norm2, b.mlp, _scale(b, "gamma_2"), inner=b.attn.norm,
            )
            for b in model.blocks
        ]  # fmt: skip
        return Layout(blocks, model.norm, heads, kv_heads)
    if kind.startswith(("CLIP", "Siglip")):
        tower = "text_model" if "Text" in kind else "vision_model"
        parts = getattr(model, tower, model)
        heads = parts.config.num_attention_heads
        blocks = [
            Block(
                b.layer_norm1, _separate(b.self_attn, heads, heads), b.self_attn.out_proj, _none(),
                b.layer_norm2, b.mlp, _none(),
            )
            for b in parts.encoder.layers
        ]  # fmt: skip
        return Layout(blocks, None, heads, heads, last=parts.encoder.layers[-1])
    heads = model.config.num_attention_heads
    if kind.startswith("GPTNeoX"):
        parts = model.gpt_neox
        blocks = [
            Block(
                b.input_layernorm, _by_head(b.attention.query_key_value, heads), b.attention.dense, _none(),
                b.post_attention_layernorm, b.mlp, _none(),
            )
            for b in parts.layers
        ]  # fmt: skip
        return Layout(blocks, parts.final_layer_norm, heads, heads, model.config.use_parallel_residual)
    if kind.startswith("GPTNeo"):
        parts = model.transformer
        blocks = [
            Block(
                b.ln_1, _separate(b.attn.attention, heads, heads), b.attn.attention.out_proj, _none(),
                b.ln_2, b.mlp, _none(),
            )
            for b in parts.h
        ]  # fmt: skip
        return Layout(blocks, parts.ln_f, heads, heads)
    if kind.startswith("GPTJ"):
        parts = model.transformer
        blocks = [
            Block(b.ln_1, _separate(b.attn, heads, heads), b.attn.out_proj, _none(), b.ln_1, b.mlp, _none())
            for b in parts.h
        ]
        return Layout(blocks, parts.ln_f, heads, heads, parallel=True)
    if kind.startswith("OPT"):
        parts = model.model.decoder
        blocks = [
            Block(
                b.self_attn_layer_norm, _separate(b.self_attn, heads, heads), b.self_attn.out_proj, _none(),
                b.final_layer_norm, b.fc2, _none(),
            )
            for b in parts.layers
        ]  # fmt: skip
        return Layout(blocks, parts.final_layer_norm or parts.project_out or model.lm_head, heads, heads)
    if kind.startswith(("ViT", "DeiT", "Beit", "IJepa")):
        parts = getattr(model, model.base_model_prefix, model)
        blocks = [
            Block(
                b.layernorm_before, _separate(b.attention, heads, heads), b.attention.o_proj,
                _scale(b, "lambda_1"),
                b.layernorm_after, b.mlp, _scale(b, "lambda_2"),
            )
            for b in parts.layers
        ]  # fmt: skip
        return Layout(blocks, parts.layernorm, heads, heads)
    if kind.startswith(("Dinov2", "DINOv3")):
        third = kind.startswith("DINOv3")
        parts = model if third else getattr(model, model.base_model_prefix, model)
        blocks = [
            Block(
                b.norm1, _separate(b.attention, heads, heads), b.attention.o_proj, b.layer_scale1,
                b.norm2, b.mlp, b.layer_scale2,
            )
            for b in (parts.model if third else parts.encoder).layer
        ]  # fmt: skip
        return Layout(blocks, parts.norm if third else parts.layernorm, heads, heads)
    kv_heads = model.config.num_key_value_heads
    if kind.startswith("Llama4"):
        blocks = [
            Block(
                b.input_layernorm, _separate(b.self_attn, heads, kv_heads), b.self_attn.o_proj, _none(),
                b.post_attention_layernorm, b.feed_forward, _none(),
            )
            for b in model.model.layers
        ]  # fmt: skip
        return Layout(blocks, model.model.norm, heads, kv_heads)
    if kind.startswith(("PhiFor", "Cohere")):
        blocks = [
            Block(
                b.input_layernorm, _separate(b.self_attn, heads, kv_heads),
                b.self_attn.dense if kind.startswith("Phi") else b.self_attn.o_proj, _none(),
                b.input_layernorm, b.mlp, _none(),
            )
            for b in model.model.layers
        ]  # fmt: skip
        norm = model.model.final_layernorm if kind.startswith("Phi") else model.model.norm
        return Layout(blocks, norm, heads, kv_heads, parallel=True)
    if kind.startswith(("Phi3", "StableLm")):
        parallel = kind.startswith("StableLm") and model.config.use_parallel_residual
        blocks = [
            Block(
                b.input_layernorm,
                _grouped(b.self_attn.qkv_proj, heads, kv_heads) if kind.startswith("Phi3")
                else _separate(b.self_attn, heads, kv_heads),
                b.self_attn.o_proj, _none(),
                b.input_layernorm if parallel else b.post_attention_layernorm, b.mlp, _none(),
            )
            for b in model.model.layers
        ]  # fmt: skip
        return Layout(blocks, model.model.norm, heads, kv_heads, parallel)
    if kind.startswith("Olmo"):
        blocks = [
            Block(
                _none(), _separate(b.self_attn, heads, kv_heads), b.self_attn.o_proj, _none(),
                b.mlp, b.mlp, b.post_feedforward_layernorm, b.post_attention_layernorm, b,
            )
            for b in model.model.layers
        ]  # fmt: skip
        return Layout(blocks, model.model.norm, heads, kv_heads)
    if kind.startswith(("Gemma2", "Gemma3")):
        blocks = [
            Block(
                b.input_layernorm, _separate(b.self_attn, heads, kv_heads), b.self_attn.o_proj, _none(),
                b.pre_feedforward_layernorm, b.mlp, b.post_feedforward_layernorm, b.post_attention_layernorm,
            )
            for b in model.model.layers
        ]  # fmt: skip
        return Layout(blocks, model.model.norm, heads, kv_heads)
    blocks = [
        Block(
            b.input_layernorm, _separate(b.self_attn, heads, kv_heads), b.self_attn.o_proj, _times(b),
            b.post_attention_layernorm, b.mlp, _times(b),
        )
        for b in model.model.layers
    ]  # fmt: skip
    return Layout(blocks, model.model.norm, heads, kv_heads)


def _none() -> nn.Module:
    return nn.Identity()


class _Times(nn.Module):
    def __init__(self, factor: Tensor | float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor


def _times(block: Any) -> nn.Module:
    """The multiplier of what a block of Granite adds."""
    return _Times(getattr(block, "residual_multiplier", 1.0))


def _scale(block: Any, name: str) -> nn.Module:
    """The LayerScale of a block that keeps it as a vector, a number, or has none."""
    factor = getattr(block, name, None)
    return _none() if factor is None else _Times(factor)


def _slices(port: str, heads: int, start: int, size: int) -> list[tuple[str, int, slice]]:
    return [(port, head, slice(start + head * size, start + (head + 1) * size)) for head in range(heads)]


def _fused(module: nn.Module, heads: int, width: int) -> Projections:
    """One projection whose output is all of q, then k, then v."""
    size = width // heads
    return [(module, [s for i, port in enumerate("qkv") for s in _slices(port, heads, i * width, size)])]


def _grouped(module: nn.Module, heads: int, kv_heads: int) -> Projections:
    """The same with fewer heads of k and v."""
    size = module.out_features // (heads + 2 * kv_heads)  # type: ignore[operator, union-attr]
    starts = {"k": heads * size, "v": (heads + kv_heads) * size}
    keys_values = [place for port, start in starts.items() for place in _slices(port, kv_heads, start, size)]
    return [(module, _slices("q", heads, 0, size) + keys_values)]


def _by_head(module: nn.Module, heads: int) -> Projections:
    """One projection whose output is q, k and v of the first head, then of the next."""
    size = module.out_features // (3 * heads)  # type: ignore[operator, union-attr]
    starts = [(port, head, (3 * head + i) * size) for head in range(heads) for i, port in enumerate("qkv")]
    return [(module, [(port, head, slice(start, start + size)) for port, head, start in starts])]


def _separate(attention: Any, heads: int, kv_heads: int) -> Projections:
    size = attention.q_proj.out_features // heads
    return [
        (attention.q_proj, _slices("q", heads, 0, size)),
        (attention.k_proj, _slices("k", kv_heads, 0, size)),
        (attention.v_proj, _slices("v", kv_heads, 0, size)),
    ]
