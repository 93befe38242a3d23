"""Small vision models, with every option of their families that changes the arithmetic. `small_models` draws their
weights."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
import transformers
from PIL import Image
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from core.models.probe import Probe, ProbeReport, Reads
from core.models.probed import Probed
from core.models.zero_shot import as_zero_shot

CLASSES = 7
IMAGE = 12
COLOURS = {"blue": (30, 40, 220), "red": (220, 40, 30), "green": (40, 210, 50)}
PROJECTED = 10  # width of the space that two towers share

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
_TIMM: dict[str, Any] = {
    "img_size": IMAGE, "patch_size": 4, "embed_dim": 16, "depth": 2, "num_heads": 4, "num_classes": CLASSES
}  # fmt: skip


def _timm(**options: Any) -> nn.Module:
    return VisionTransformer(**{**_TIMM, **options})


def _distilled(**options: Any) -> nn.Module:
    return timm.models.deit.VisionTransformerDistilled(**{**_TIMM, **options})  # type: ignore[no-any-return]


def _deit() -> nn.Module:
    return timm.create_model("deit_tiny_patch16_224", pretrained=False, **_TIMM)


def _eva(separate: bool = True, **options: Any) -> nn.Module:
    """timm adds the biases of fused projections inside one call with their weights; told to add them apart, it calls
    the projection as a module, where hooks see it."""
    options = {"use_rot_pos_emb": True, "class_token": True, **options}
    module = timm.models.eva.Eva(**{**_TIMM, **options})
    for block in module.blocks:
        block.attn.qkv_bias_separate = separate
    return module  # type: ignore[no-any-return]


def vision_model(name: str, **options: Any) -> nn.Module:
    """A vision model of Hugging Face by its class's name."""
    kind = re.sub("(Vision)?Model(WithProjection)?$|ForImageClassification(WithTeacher)?$", "", name)
    sizes = _DINOV2 if kind.startswith("Dinov2") else {**_HF_IMAGE, "projection_dim": PROJECTED}
    if not name.endswith("ForImageClassification") or kind not in ("CLIP", "Siglip"):
        suffix = "VisionConfig" if kind in ("CLIP", "Siglip") else "Config"
        config = getattr(transformers, f"{kind}{suffix}")(**{**sizes, "num_labels": CLASSES, **options})
    else:
        tower = {**sizes, **options}
        config = getattr(transformers, f"{kind}Config")(vision_config=tower, num_labels=CLASSES)
    return getattr(transformers, name)(config)  # type: ignore[no-any-return]


def zero_shot(kind: str, classes: bool = True) -> nn.Module:
    """A pair of towers that reads pictures, with as many class vectors as other small models have classes."""
    text = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = getattr(transformers, f"{kind}Config")(
        text_config={
            **text,
            "vocab_size": 11,
            "bos_token_id": None,
            "eos_token_id": 0,
            "projection_size": 16,
            "max_position_embeddings": 9,
        },
        vision_config=_HF_IMAGE,
        projection_dim=PROJECTED,
    )
    pair = getattr(transformers, f"{kind}Model")(config)
    width = PROJECTED if kind == "CLIP" else 16
    return type(as_zero_shot(pair))(pair, torch.zeros(CLASSES, width) if classes else None)


def probed(encoder: nn.Module, features: int = 16, reads: Reads = "output") -> nn.Module:
    """A model without a head with a probe of as many classes as other small models have."""
    names = tuple(f"class {number}" for number in range(CLASSES))
    report = ProbeReport((1,) * CLASSES)
    weight, bias = np.zeros((CLASSES, features), np.float32), np.zeros(CLASSES, np.float32)
    return Probed(encoder, Probe("linear", reads, names, weight, bias, report))


def save_encoder(folder: Path) -> nn.Module:
    """A small DINOv2 without a head, with its image processor."""
    torch.manual_seed(0)
    module: Any = transformers.Dinov2Model(transformers.Dinov2Config(**_DINOV2))
    module.save_pretrained(folder)
    transformers.ViTImageProcessor(size={"height": IMAGE, "width": IMAGE}).save_pretrained(folder)
    return module.eval()  # type: ignore[no-any-return]


def write_colours(folder: Path, counts: dict[str, int]) -> Path:
    """Noisy pictures of a colour each, in a folder of each colour."""
    rng = np.random.default_rng(0)
    for name, count in counts.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            noise = rng.normal(0, 30, (20, 20, 3)) + COLOURS[name]
            Image.fromarray(noise.clip(0, 255).astype(np.uint8)).save(folder / name / f"{number}.png")
    return folder


def _vit(head: bool, **options: Any) -> nn.Module:
    config = transformers.ViTConfig(**_HF_IMAGE, num_labels=CLASSES)
    return transformers.ViTForImageClassification(config) if head else transformers.ViTModel(config, **options)


def _dinov2(head: bool, **options: Any) -> nn.Module:
    config = transformers.Dinov2Config(**_DINOV2, num_labels=CLASSES, **options)
    return transformers.Dinov2ForImageClassification(config) if head else transformers.Dinov2Model(config)


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
    "timm-vit-average-and-largest": lambda: _timm(global_pool="avgmax"),
    "timm-vit-largest": lambda: _timm(global_pool="max", reg_tokens=2),
    "timm-vit-average-of-all": lambda: _timm(global_pool="avg", pool_include_prefix=True),
    "timm-vit-attention-pool": lambda: _timm(global_pool="map", class_token=False),
    "timm-vit-attention-pool-no-head": lambda: _timm(global_pool="map", num_classes=0, reg_tokens=2),
    "timm-vit-refined-pool": lambda: _timm(global_pool="prr"),
    "timm-vit-normed-queries": lambda: _timm(qk_norm=True),
    "timm-vit-normed-heads": lambda: _timm(scale_attn_norm=True, scale_mlp_norm=True, init_values=0.1),
    "timm-vit-rms-normed-heads": lambda: _timm(scale_attn_norm=True, norm_layer="rmsnorm", proj_bias=False),
    "timm-vit-registers-alone": lambda: _timm(class_token=False, reg_tokens=2, global_pool="avg", final_norm=False),
    "timm-deit-distilled": _distilled,
    "timm-deit-distilled-no-head": lambda: _distilled(num_classes=0),
    "timm-eva": lambda: _eva(use_rot_pos_emb=False, init_values=0.1),
    "timm-eva02": lambda: _eva(swiglu_mlp=True, scale_mlp=True),
    "timm-eva02-separate": lambda: _eva(
        qkv_fused=False, swiglu_mlp=True, scale_mlp=True, scale_attn_inner=True, global_pool="token", num_reg_tokens=2
    ),
    "timm-eva-no-biases-halves": lambda: _eva(
        qkv_bias=False,
        rope_type="dinov3",
        rope_rotate_half=True,
        num_reg_tokens=4,
        init_values=0.1,
        attn_only_layer_scale=True,
        no_embed_class=True,
        use_abs_pos_emb=False,
    ),
    "timm-eva-mixed": lambda: _eva(
        attn_type="rope", rope_type="mixed", qk_norm=True, rope_grid_indexing="xy", global_pool="avgmax"
    ),
    "timm-eva-grouped": lambda: _eva(
        attn_type="rope",
        qkv_fused=False,
        num_kv_heads=2,
        global_pool="map",
        class_token=False,
        use_pre_transformer_norm=True,
        dynamic_img_size=True,
        dynamic_img_pad=True,
    ),
    "timm-eva-no-head": lambda: _eva(
        num_classes=0, rope_type="mrope", rope_mrope_section=(0, 1, 1), scale_attn_inner=True, global_pool="max"
    ),
    "deit": lambda: vision_model("DeiTModel"),
    "deit-classifier": lambda: vision_model("DeiTForImageClassification", qkv_bias=False),
    "deit-with-teacher": lambda: vision_model("DeiTForImageClassificationWithTeacher"),
    "ijepa": lambda: vision_model("IJepaModel"),
    "ijepa-classifier": lambda: vision_model("IJepaForImageClassification", qkv_bias=False),
    "dinov2-registers": lambda: vision_model("Dinov2WithRegistersModel", num_register_tokens=4),
    "dinov2-registers-gated": lambda: vision_model("Dinov2WithRegistersModel", use_swiglu_ffn=True, qkv_bias=False),
    "dinov2-registers-classifier": lambda: vision_model(
        "Dinov2WithRegistersForImageClassification", num_register_tokens=2
    ),
    "dinov3": lambda: vision_model("DINOv3ViTModel", num_register_tokens=4),
    "dinov3-gated": lambda: vision_model(
        "DINOv3ViTModel", use_gated_mlp=True, key_bias=True, query_bias=False, proj_bias=False, mlp_bias=False
    ),
    "dinov3-no-biases": lambda: vision_model("DINOv3ViTModel", query_bias=False, value_bias=False),
    "beit": lambda: vision_model("BeitModel", use_relative_position_bias=True, use_mean_pooling=False),
    "beit-no-pooler": lambda: transformers.BeitModel(
        transformers.BeitConfig(**_HF_IMAGE, use_mean_pooling=False, layer_scale_init_value=0.0),
        add_pooling_layer=False,
    ),
    "beit-shared-and-absolute": lambda: vision_model(
        "BeitModel", use_shared_relative_position_bias=True, use_absolute_position_embeddings=True
    ),
    "beit-classifier": lambda: vision_model(
        "BeitForImageClassification", use_relative_position_bias=True, use_shared_relative_position_bias=True
    ),
    "beit-classifier-no-mean": lambda: vision_model(
        "BeitForImageClassification", use_mean_pooling=False, layer_scale_init_value=0.0, use_mask_token=True
    ),
    "clip-vision": lambda: vision_model("CLIPVisionModel"),
    "clip-vision-projection": lambda: vision_model("CLIPVisionModelWithProjection", hidden_act="gelu"),
    "clip-classifier": lambda: vision_model("CLIPForImageClassification"),
    "siglip-vision": lambda: vision_model("SiglipVisionModel"),
    "siglip-classifier": lambda: vision_model("SiglipForImageClassification"),
    "clip-zero-shot": lambda: zero_shot("CLIP"),
    "siglip-zero-shot": lambda: zero_shot("Siglip"),
    "dinov2-registers-probe": lambda: probed(
        vision_model("Dinov2WithRegistersModel", num_register_tokens=4), 32, "class+mean"
    ),
}
