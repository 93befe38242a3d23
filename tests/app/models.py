"""Small models on disk, as a user would open them: a GPT-2, a Llama, a ViT with classes, a DINOv2; and folders that
are no model."""

from __future__ import annotations

import json
from pathlib import Path

import torch
import transformers
from torch import nn

from tests.small_models import randomise, small_tokenizer

CLEAN = "When Mary gave a drink to"
COUNTERFACTUAL = "When John gave a drink to"
OTHER_LENGTH = "When John gave the store a drink to"
CONTEXT = 24
SIDE = 48  # pixels
PATCH = 12
CLASSES = ("cat", "cup", "moon", "tree", "two words")


def save_gpt2(folder: Path) -> None:
    tokenizer = small_tokenizer()
    config = transformers.GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=CONTEXT,
        n_embd=32,
        n_layer=3,
        n_head=4,
        bos_token_id=None,
        eos_token_id=0,
        pad_token_id=0,
    )
    _save(transformers.GPT2LMHeadModel(config), tokenizer, folder)


def save_llama(folder: Path) -> None:
    tokenizer = small_tokenizer()
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT,
        bos_token_id=None,
        eos_token_id=0,
        pad_token_id=0,
    )
    _save(transformers.LlamaForCausalLM(config), tokenizer, folder)


def save_vit(folder: Path) -> None:
    config = transformers.ViTConfig(
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        image_size=SIDE,
        patch_size=PATCH,
        id2label=dict(enumerate(CLASSES)),
        label2id={name: index for index, name in enumerate(CLASSES)},
    )
    _save(transformers.ViTForImageClassification(config), image_processor(), folder)


def save_dinov2(folder: Path) -> None:
    config = transformers.Dinov2Config(
        hidden_size=32,
        mlp_ratio=2,
        num_hidden_layers=2,
        num_attention_heads=4,
        image_size=SIDE,
        patch_size=PATCH,
    )
    _save(transformers.Dinov2Model(config), image_processor(), folder)


def image_processor() -> transformers.ViTImageProcessor:
    return transformers.ViTImageProcessor(size={"height": SIDE, "width": SIDE})


SAVERS = {"gpt2": save_gpt2, "llama": save_llama, "vit": save_vit, "dinov2": save_dinov2}


def _save(module: nn.Module, processor: transformers.PreTrainedTokenizerBase, folder: Path) -> None:
    torch.manual_seed(0)
    randomise(module, seed=3)
    module.eval().save_pretrained(folder)
    processor.save_pretrained(folder)


def save_config_only(folder: Path, architecture: str) -> None:
    """What is read of a model before its weights: enough to refuse it."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"architectures": [architecture]}), encoding="utf-8")
