"""Packs of a few kilobytes, in the form in which the real ones are published: a GGUF or an ONNX file in a wheel."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from transformers import Dinov2Config, Dinov2Model, LlamaConfig, LlamaForCausalLM

from core.models.pack import Pack
from core.models.packs import gguf, onnx

MERGES = ["Ġ M", "a r", "ĠM ar", "ĠMar y", "Ġ Ġ", "1 2"]
CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def tiny_llama() -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(CONTROL) + 256 + len(MERGES),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        rms_norm_eps=1e-5,
        rope_parameters={"rope_type": "default", "rope_theta": 100.0},
        tie_word_embeddings=True,
    )
    return LlamaForCausalLM(config).eval()


def write_gguf(model: LlamaForCausalLM, path: Path, **changes: str) -> None:
    """The model as llama.cpp stores it: its names, and the rotary pairs of W_Q and W_K side by side."""
    from gguf import GGUFWriter
    from tokenizers.pre_tokenizers import ByteLevel

    config = model.config
    writer = GGUFWriter(path, changes.get("architecture", "llama"))
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    tokens = [*CONTROL, *sorted(ByteLevel.alphabet()), *(merge.replace(" ", "") for merge in MERGES)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([3] * len(CONTROL) + [1] * (len(tokens) - len(CONTROL)))
    writer.add_token_merges(MERGES)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(2)
    writer.add_add_bos_token(False)

    parts = {
        "input_layernorm": ("attn_norm", 0),
        "self_attn.q_proj": ("attn_q", config.num_attention_heads),
        "self_attn.k_proj": ("attn_k", config.num_key_value_heads),
        "self_attn.v_proj": ("attn_v", 0),
        "self_attn.o_proj": ("attn_output", 0),
        "post_attention_layernorm": ("ffn_norm", 0),
        "mlp.gate_proj": ("ffn_gate", 0),
        "mlp.up_proj": ("ffn_up", 0),
        "mlp.down_proj": ("ffn_down", 0),
    }
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    writer.add_tensor("token_embd.weight", weights["model.embed_tokens.weight"])
    writer.add_tensor("output_norm.weight", weights["model.norm.weight"])
    for layer in range(config.num_hidden_layers):
        for name, (short, heads) in parts.items():
            value = weights[f"model.layers.{layer}.{name}.weight"]
            if heads:
                value = np.concatenate([head[_side_by_side(len(head))] for head in np.split(value, heads)])
            writer.add_tensor(f"blk.{layer}.{short}.weight", np.ascontiguousarray(value))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _side_by_side(d_head: int) -> list[int]:
    """0, d/2, 1, d/2 + 1, ...: transformers rotates number i together with number i + d/2."""
    return [index for i in range(d_head // 2) for index in (i, i + d_head // 2)]


def tiny_dinov2() -> Dinov2Model:
    torch.manual_seed(0)
    config = Dinov2Config(
        hidden_size=128, num_hidden_layers=2, num_attention_heads=2, image_size=28, patch_size=7, mlp_ratio=2
    )
    model = Dinov2Model(config).eval()
    with torch.no_grad():
        for name, value in model.named_parameters():  # the initial values of these would hide a mistake
            if "lambda" in name or "norm" in name or "bias" in name or "token" in name:
                value.normal_()
        model.embeddings.mask_token.zero_()
    return model


def write_onnx(model: Dinov2Model, path: Path, leave_out: str = "") -> None:
    """The names and nodes that PyTorch's exporter leaves: enough to find the weights, not to run the network."""
    from onnx import GraphProto, TensorProto, helper, numpy_helper, save

    nodes, tensors = [], []

    def constant(name: str, value: np.ndarray) -> None:
        tensors.append(numpy_helper.from_array(np.ascontiguousarray(value), name))

    for name, value in model.state_dict().items():
        for new, old in (("q_proj", "query"), ("k_proj", "key"), ("v_proj", "value")):
            name = name.replace(f"attention.{new}", f"attention.attention.{old}")
        name = name.replace("attention.o_proj", "attention.output.dense")
        array, number = value.numpy(), 1000 + len(tensors)
        if name == leave_out or name == "embeddings.mask_token":
            continue
        if name == "embeddings.position_embeddings":
            constant(f"onnx::Concat_{number}", array[:, :1])
            constant(f"onnx::Reshape_{number + 1}", array[:, 1:])
            inputs = {"Reshape_1": [f"onnx::Reshape_{number + 1}", "shape"]}
            inputs["Concat_6"] = [f"onnx::Concat_{number}", "grid"]
            for node, names in inputs.items():
                kind = node.partition("_")[0]
                nodes.append(helper.make_node(kind, names, [node], name=f"/backbone/embeddings/{node}"))
        elif array.ndim == 2:
            constant(f"onnx::MatMul_{number}", array.T)
            place = "/backbone/" + name.removesuffix(".weight").replace(".", "/").replace("layer/", "layer.")
            nodes.append(helper.make_node("MatMul", ["x", f"onnx::MatMul_{number}"], [place], name=f"{place}/MatMul"))
        else:
            constant(f"backbone.{name}", array)
    constant("decoder.final_conv.weight", np.ones((1, 4, 1, 1), dtype=np.float32))
    constant("onnx::MatMul_9999", np.ones((4, 4), dtype=np.float32))
    nodes.append(helper.make_node("MatMul", ["x", "onnx::MatMul_9999"], ["y"], name="/decoder/MatMul"))
    unknown = helper.make_tensor_value_info("x", TensorProto.FLOAT, None)
    graph: GraphProto = helper.make_graph(nodes, "main_graph", [unknown], [unknown], initializer=tensors)
    save(helper.make_model(graph), path)


def write_wheel(folder: Path, name: str, member: Path) -> Path:
    """A wheel `name` 1.0 that holds the one file, good enough for pip."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(member, f"{name}/{member.name}")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def describe(name: str, wheel: Path, member: Path, kind: Literal["text", "image"]) -> Pack:
    return Pack(
        name=name,
        title=f"Tiny {kind} model",
        description="",
        licence="MIT",
        requirement=f"{wheel.name.partition('-')[0]}==1.0",
        sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        download_bytes=wheel.stat().st_size,
        member=f"{wheel.name.partition('-')[0]}/{member.name}",
        member_bytes=member.stat().st_size,
        installed_bytes=100_000,
        kind=kind,
        convert=gguf.convert if kind == "text" else onnx.convert,
    )
