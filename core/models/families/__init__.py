"""Which models Wirescope opens: one table of families, and why others are refused.

Adding a family is one adapter file and one row here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import nn

from core.errors import ModelError
from core.models.adapter import Adapter, InputKind
from core.models.families.beit import BeitAdapter
from core.models.families.clip import ClipClassifierAdapter, ClipTextAdapter, ClipVisionAdapter
from core.models.families.cohere import Cohere2Adapter, CohereAdapter
from core.models.families.dinov2 import Dinov2Adapter, Dinov2RegistersAdapter
from core.models.families.dinov3 import Dinov3Adapter
from core.models.families.eva import EvaAdapter
from core.models.families.gemma import Gemma2Adapter, Gemma3Adapter, GemmaAdapter
from core.models.families.gpt2 import Gpt2Adapter
from core.models.families.gpt_neo import GptNeoAdapter
from core.models.families.gpt_neox import GptNeoxAdapter
from core.models.families.gpt_oss import GptOssAdapter
from core.models.families.gptj import GptjAdapter
from core.models.families.granite import GraniteAdapter
from core.models.families.ijepa import IJepaAdapter
from core.models.families.llama import LlamaAdapter
from core.models.families.llama4 import Llama4Adapter
from core.models.families.olmo2 import Olmo2Adapter, Olmo3Adapter
from core.models.families.opt import OptAdapter
from core.models.families.phi import Phi3Adapter, PhiAdapter
from core.models.families.qwen3 import Qwen3Adapter
from core.models.families.siglip import SiglipTextAdapter, SiglipVisionAdapter
from core.models.families.smollm3 import SmolLm3Adapter
from core.models.families.stablelm import StableLmAdapter
from core.models.families.vision_timm import TimmDistilledAdapter, TimmVitAdapter
from core.models.families.vit import DeitAdapter, DeitWithTeacherAdapter, VitAdapter


@dataclass(frozen=True)
class Family:
    """A row of the table.

    classes: of the models in their library, by name. exact: what of the family the tests hold to the model's own
    forward and to the oracle, in a few words. refused: its options that are refused, with the reason; empty for none.
    """

    name: str
    library: Literal["Hugging Face", "timm"]
    reads: InputKind
    classes: tuple[str, ...]
    adapter: type[Adapter]
    exact: str
    refused: str = ""


@dataclass(frozen=True)
class Refused:
    """Models that are not opened: how their classes' names begin, and why."""

    name: str
    classes: tuple[str, ...]
    why: str


_HF: Literal["Hugging Face"] = "Hugging Face"

FAMILIES: tuple[Family, ...] = (
    Family(
        *("GPT-2", _HF, "text", ("GPT2LMHeadModel",), Gpt2Adapter),
        exact="learned positions, scores scaled by layer",
    ),
    Family(
        *("Llama, SmolLM2", _HF, "text", ("LlamaForCausalLM",), LlamaAdapter),
        exact="grouped-query attention, every kind of rotary scaling, biases, wide heads",
    ),
    Family(
        *("Llama 4", _HF, "text", ("Llama4ForCausalLM",), Llama4Adapter),
        exact="the language model alone: chunked attention, layers without rotary positions, normed queries and keys, "
        "a mixture or a dense MLP by layer",
    ),
    Family(*("Mistral", _HF, "text", ("MistralForCausalLM",), LlamaAdapter), exact="as Llama, sliding window"),
    Family(
        *("Qwen2", _HF, "text", ("Qwen2ForCausalLM",), LlamaAdapter),
        exact="biases of q, k, v; a sliding window in some layers",
    ),
    Family(
        *("Qwen3", _HF, "text", ("Qwen3ForCausalLM",), Qwen3Adapter),
        exact="a norm of each head's queries and keys, biases, windows in some layers",
    ),
    Family(
        *("Mixtral", _HF, "text", ("MixtralForCausalLM",), LlamaAdapter),
        exact="a mixture (router and experts) as one MLP node, sliding window",
    ),
    Family(
        *("Qwen2-MoE", _HF, "text", ("Qwen2MoeForCausalLM",), LlamaAdapter),
        exact="as Qwen2, with a mixture or a dense MLP by layer; its shared expert is part of the MLP node",
    ),
    Family(
        *("Qwen3-MoE", _HF, "text", ("Qwen3MoeForCausalLM",), Qwen3Adapter),
        exact="as Qwen3, with a mixture or a dense MLP by layer",
    ),
    Family(
        *("gpt-oss", _HF, "text", ("GptOssForCausalLM",), GptOssAdapter),
        exact="a sink for each head, windows in some layers, a mixture as one MLP node",
    ),
    Family(
        *("SmolLM3", _HF, "text", ("SmolLM3ForCausalLM",), SmolLm3Adapter),
        exact="layers without rotary positions, windows in some layers, biases",
    ),
    Family(
        *("Granite", _HF, "text", ("GraniteForCausalLM",), GraniteAdapter),
        exact="multipliers of embeddings, scores, stream and logits, biases",
    ),
    Family(
        *("OLMo 2", _HF, "text", ("Olmo2ForCausalLM",), Olmo2Adapter),
        exact="norms after attention and MLP alone, a norm of all queries and of all keys",
        refused="attention biases: a norm follows them",
    ),
    Family(
        *("OLMo 3", _HF, "text", ("Olmo3ForCausalLM",), Olmo3Adapter),
        exact="as OLMo 2, windows in some layers",
        refused="attention biases: a norm follows them",
    ),
    Family(
        *("Gemma", _HF, "text", ("GemmaForCausalLM",), GemmaAdapter),
        exact="scaled embeddings, wide heads, biases",
        refused="attention in both directions",
    ),
    Family(
        *("Gemma 2", _HF, "text", ("Gemma2ForCausalLM",), Gemma2Adapter),
        exact="norms after attention and MLP, capped scores and logits, windows",
        refused="attention biases: a norm follows them; attention in both directions",
    ),
    Family(
        *("Gemma 3", _HF, "text", ("Gemma3ForCausalLM",), Gemma3Adapter),
        exact="text; as Gemma 2, normed queries and keys, other rotary positions in layers with a window",
        refused="attention biases: a norm follows them; attention in both directions",
    ),
    Family(
        *("GPT-Neo", _HF, "text", ("GPTNeoForCausalLM",), GptNeoAdapter),
        exact="scores that are not scaled, windows in local layers",
    ),
    Family(
        *("GPT-NeoX, Pythia", _HF, "text", ("GPTNeoXForCausalLM",), GptNeoxAdapter),
        exact="parallel attention and MLP or one after the other, partial rotary positions, with and without biases",
    ),
    Family(
        *("GPT-J", _HF, "text", ("GPTJForCausalLM",), GptjAdapter),
        exact="parallel attention and MLP behind one norm, partial rotary positions in pairs",
    ),
    Family(
        *("OPT", _HF, "text", ("OPTForCausalLM",), OptAdapter),
        exact="learned positions, narrower embeddings, norms without weights, no biases, no final norm",
        refused="a norm after each block (OPT-350m): its stream is no sum of what the components write",
    ),
    Family(
        *("Phi", _HF, "text", ("PhiForCausalLM",), PhiAdapter),
        exact="parallel attention and MLP behind one norm, partial rotary positions, normed queries and keys",
    ),
    Family(
        *("Phi-3", _HF, "text", ("Phi3ForCausalLM",), Phi3Adapter),
        exact="fused projections, sliding window, partial rotary positions, LongRoPE",
    ),
    Family(
        *("StableLM", _HF, "text", ("StableLmForCausalLM",), StableLmAdapter),
        exact="partial rotary positions, parallel attention and MLP or not, a norm for each head's queries and keys",
    ),
    Family(
        *("Cohere", _HF, "text", ("CohereForCausalLM",), CohereAdapter),
        exact="parallel attention and MLP behind one norm, rotary positions in pairs, scaled logits, normed queries "
        "and keys, biases",
    ),
    Family(
        *("Cohere 2", _HF, "text", ("Cohere2ForCausalLM",), Cohere2Adapter),
        exact="as Cohere, windows in some layers and rotary positions in those alone",
    ),
    Family(*("ViT", _HF, "image", ("ViTModel", "ViTForImageClassification"), VitAdapter), exact="class token"),
    Family(
        *("DeiT", _HF, "image", ("DeiTModel", "DeiTForImageClassification"), DeitAdapter),
        exact="class and distillation token",
    ),
    Family(
        *("DeiT with its teacher's head", _HF, "image", ("DeiTForImageClassificationWithTeacher",)),
        DeitWithTeacherAdapter,
        exact="the mean of two heads, of the class and of the distillation token",
    ),
    Family(
        *("I-JEPA", _HF, "image", ("IJepaModel", "IJepaForImageClassification"), IJepaAdapter),
        exact="no class token; the mean of the patches",
    ),
    Family(
        *("DINOv2", _HF, "image", ("Dinov2Model", "Dinov2ForImageClassification"), Dinov2Adapter),
        exact="LayerScale, gated MLP, pictures of any size; a classifier's mean of the patches",
    ),
    Family(
        *("DINOv2 with registers", _HF, "image"),
        ("Dinov2WithRegistersModel", "Dinov2WithRegistersForImageClassification"),
        Dinov2RegistersAdapter,
        exact="as DINOv2, any number of registers",
    ),
    Family(
        *("DINOv3", _HF, "image", ("DINOv3ViTModel",), Dinov3Adapter),
        exact="rotary positions of the patches, registers, LayerScale, gated MLP, biases, pictures of any size",
        refused="classifiers: transformers 5.24 has no class for them",
    ),
    Family(
        *("BEiT", _HF, "image", ("BeitModel", "BeitForImageClassification"), BeitAdapter),
        exact="relative positions by layer or shared, absolute ones, LayerScale or none, class token or mean",
    ),
    Family(
        *("CLIP vision", _HF, "image", ("CLIPVisionModel", "CLIPVisionModelWithProjection"), ClipVisionAdapter),
        exact="the tower alone, with or without its projection",
    ),
    Family(
        *("CLIP classifier", _HF, "image", ("CLIPForImageClassification",), ClipClassifierAdapter),
        exact="the mean of the patches",
    ),
    Family(
        *("CLIP text", _HF, "text", ("CLIPTextModel", "CLIPTextModelWithProjection"), ClipTextAdapter),
        exact="the tower alone, with or without its projection; reads where the prompt ends",
    ),
    Family(
        *("SigLIP vision", _HF, "image", ("SiglipVisionModel", "SiglipForImageClassification"), SiglipVisionAdapter),
        exact="the tower alone, pooling by attention, or by the mean in a classifier",
        refused="no pooling",
    ),
    Family(
        *("SigLIP text, SigLIP 2 text", _HF, "text", ("SiglipTextModel", "Siglip2TextModel"), SiglipTextAdapter),
        exact="the tower alone, attention in both directions, reads the last position",
    ),
    Family(
        *("ViT, DeiT", "timm", "image", ("VisionTransformer",), TimmVitAdapter),
        exact="class token or none, registers, LayerScale, every way to pool, a norm before the blocks, of queries and "
        "keys, of what the heads write",
        refused="gated heads, differential attention, blocks that norm what they write, parallel blocks, no pooling",
    ),
    Family(
        *("distilled DeiT", "timm", "image", ("VisionTransformerDistilled",), TimmDistilledAdapter),
        exact="the mean of two heads, of the class and of the distillation token",
    ),
    Family(
        *("EVA, EVA-02, DINOv3", "timm", "image", ("Eva",), EvaAdapter),
        exact="rotary positions of every kind, fused or separate projections, grouped-query attention, gated MLP, "
        "norms inside attention and MLP, LayerScale, every way to pool",
        refused="gated heads, blocks that norm what they write, other numbers of K/V heads by layer, no pooling",
    ),
)

_NO_SUM = "it norms the sum after each block, so its stream is no sum of what the components write"
_TWO_STREAMS = "it has an encoder and a decoder, and with them more than one residual stream"

REFUSED: tuple[Refused, ...] = (
    Refused("BERT and its kin", ("Bert", "Roberta", "DistilBert"), _NO_SUM),
    Refused("T5, BART", ("T5", "Bart"), _TWO_STREAMS),
    Refused("Whisper", ("Whisper",), "it reads sound, which Wirescope has no input for; " + _TWO_STREAMS),
    Refused(
        "Mamba and its kin",
        ("Mamba", "FalconMamba", "Jamba", "Bamba"),
        "state-space layers carry on what was read, so they have no heads and no attention pattern to follow",
    ),
    Refused(
        "Gemma 3n",
        ("Gemma3n",),
        "it keeps four streams and mixes them in every layer, and late layers take the keys and values of earlier ones",
    ),
    Refused(
        "Qwen3-Next, Qwen3.5",
        ("Qwen3Next", "Qwen3_5"),
        "most layers have linear attention, which has no pattern; the others gate each head by what its query reads",
    ),
    Refused(
        "ModernBERT, ESM-2",
        ("ModernBertModel", "ModernBertFor", "Esm"),
        "they fill in masked tokens and see both ways: Wirescope reads the token that comes next, and keeps no padding "
        "out of such attention",
    ),
    Refused(
        "Llama 4 with pictures",
        ("Llama4ForConditional", "Llama4Vision"),
        "pictures and text share its stream; its language model alone opens, as Llama4ForCausalLM",
    ),
    Refused(
        "SigLIP 2 vision", ("Siglip2Vision", "Siglip2ForImage"), "its pictures come as rows of patches with a mask"
    ),
    Refused("models in an adapter", ("Peft",), "an adapter is around it; give what its merge_and_unload() returns"),
    Refused(
        "wrapped models",
        ("DataParallel", "DistributedDataParallel", "FullyShardedDataParallel", "OptimizedModule"),
        "it is around a model; give the model itself, its .module or ._orig_mod",
    ),
    Refused("Swin", ("Swin",), "it works in windows at several scales, so it has no one residual stream"),
)

# Pairs of towers, by class: a tower of one opens alone.
TOWERS: dict[str, dict[str, str]] = {
    "CLIPModel": {"vision": "CLIPVisionModelWithProjection", "text": "CLIPTextModelWithProjection"},
    "SiglipModel": {"vision": "SiglipVisionModel", "text": "SiglipTextModel"},
}

_BY_CLASS = {name: family for family in FAMILIES for name in family.classes}


# Said with every refusal; the whole table would hide the reason.
SUPPORTED = (
    "Language models with their output head open, among them GPT-2, Pythia, Llama, Mistral, Qwen3, Gemma, OLMo 2 and "
    "Phi, and vision models, among them ViT, DINOv2, CLIP, SigLIP and those of timm; "
    "`wirescope families` lists those that open."
)


def family_of(class_name: str) -> Family | None:
    """The family of a model by its class's name, or None."""
    return _BY_CLASS.get(class_name)


def adapt(module: nn.Module) -> Adapter:
    """The adapter of a model. Raises ModelError for a family that is not supported, by name."""
    for cls in type(module).__mro__:
        family = family_of(cls.__name__)
        if family is not None:
            return family.adapter(module)
    raise unsupported(type(module).__name__)


def unsupported(class_name: str) -> ModelError:
    """The refusal of a model, with the reason where one is known."""
    if class_name in TOWERS:
        return ModelError(
            f"{class_name} is a pair of towers with a residual stream each.",
            "Open one of them: put vision: or text: before its name, as in vision:openai/clip-vit-base-patch32.",
        )
    reason = next((row.why for row in REFUSED if class_name.startswith(row.classes)), "")
    return ModelError(f"{class_name} is not supported{': ' + reason if reason else ''}.", SUPPORTED)
