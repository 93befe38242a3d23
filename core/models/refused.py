"""Why models that are not opened are refused, family by family."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import ModelError


@dataclass(frozen=True)
class RefusedFamily:
    """Models that are not opened: how their classes' names begin, and why."""

    name: str
    classes: tuple[str, ...]
    why: str


_NO_SUM = "it norms the sum after each block, so its stream is no sum of what the components write"
_TWO_STREAMS = "it has an encoder and a decoder, and with them more than one residual stream"

REFUSED: tuple[RefusedFamily, ...] = (
    RefusedFamily("BERT and its kin", ("Bert", "Roberta", "DistilBert"), _NO_SUM),
    RefusedFamily("T5, BART", ("T5", "Bart"), _TWO_STREAMS),
    RefusedFamily("Whisper", ("Whisper",), "it reads sound, which Wirescope has no input for; " + _TWO_STREAMS),
    RefusedFamily(
        "Mamba and its kin",
        ("Mamba", "FalconMamba", "Jamba", "Bamba"),
        "state-space layers carry on what was read, so they have no heads and no attention pattern to follow",
    ),
    RefusedFamily(
        "Gemma 3n",
        ("Gemma3n",),
        "it keeps four streams and mixes them in every layer, and late layers take the keys and values of earlier ones",
    ),
    RefusedFamily(
        "Qwen3-Next, Qwen3.5",
        ("Qwen3Next", "Qwen3_5"),
        "most layers have linear attention, which has no pattern; the others gate each head by what its query reads",
    ),
    RefusedFamily(
        "ModernBERT, ESM-2",
        ("ModernBertModel", "ModernBertFor", "Esm"),
        "they fill in masked tokens and see both ways: Wirescope reads the token that comes next, and keeps no padding "
        "out of such attention",
    ),
    RefusedFamily(
        "Llama 4 with pictures",
        ("Llama4ForConditional", "Llama4Vision"),
        "pictures and text share its stream; its language model alone opens, as Llama4ForCausalLM",
    ),
    RefusedFamily(
        "SigLIP 2 NaFlex",
        ("Siglip2Vision", "Siglip2ForImage", "Siglip2Model"),
        "its pictures come as rows of patches with a mask; SigLIP 2 of a fixed size (SiglipModel) opens",
    ),
    RefusedFamily(
        "models in an adapter", ("Peft",), "an adapter is around it; give what its merge_and_unload() returns"
    ),
    RefusedFamily(
        "wrapped models",
        ("DataParallel", "DistributedDataParallel", "FullyShardedDataParallel", "OptimizedModule"),
        "it is around a model; give the model itself, its .module or ._orig_mod",
    ),
    RefusedFamily("Swin", ("Swin",), "it works in windows at several scales, so it has no one residual stream"),
)

# Pairs of towers, by class: with class texts a pair is a classifier of pictures, and each tower opens alone.
TOWERS: dict[str, dict[str, str]] = {
    "CLIPModel": {"vision": "CLIPVisionModelWithProjection", "text": "CLIPTextModelWithProjection"},
    "SiglipModel": {"vision": "SiglipVisionModel", "text": "SiglipTextModel"},
}

# Said with every refusal; the whole table would hide the reason.
SUPPORTED = (
    "Language models with their output head open, among them GPT-2, Pythia, Llama, Mistral, Qwen3, Gemma, OLMo 2 and "
    "Phi, and vision models, among them ViT, DINOv2, CLIP, SigLIP and those of timm; "
    "`wirescope families` lists those that open."
)


def unsupported(class_name: str) -> ModelError:
    """The refusal of a model, with the reason where one is known."""
    reason = next((row.why for row in REFUSED if class_name.startswith(row.classes)), "")
    return ModelError(f"{class_name} is not supported{': ' + reason if reason else ''}.", SUPPORTED)
