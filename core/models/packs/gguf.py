"""Convert the Llama-kind GGUF file of a model pack into a plain Hugging Face folder.

transformers can read GGUF itself, but only with a further package (accelerate), many times slower than
safetensors, and with the pre-tokenizer of GPT-2 instead of the model's own. So a pack is converted once, when
it is installed:

1. config.json from the file's metadata;
2. model.safetensors in fp32: the exact dequantised values (Q4_1 means scale * q + minimum, which half
   precision cannot hold), renamed, with the rows of W_Q and W_K put back into the order that transformers'
   rotary embedding expects;
3. tokenizer.json and its configuration from the file's vocabulary and merges.

Source: the GGUF specification and llama.cpp's convert_hf_to_gguf.py (`permute`), of which step 2 is the
inverse; its pre-tokenizer "smollm" splits off each digit, then splits as GPT-2 does.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError

if TYPE_CHECKING:
    from gguf import GGUFReader

CONTROL_TOKEN = 3  # gguf.TokenType.CONTROL: never produced by merging pieces of ordinary text

NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    """No garbage collections meanwhile: the reader keeps hundreds of thousands of small arrays, which every
    full collection visits while all other threads stand still."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_collector_paused()
def convert(source: Path, folder: Path, step: Callable[[int, int], None]) -> None:
    """Write the model and tokenizer of the GGUF file `source` into `folder`.

    `step(done, total)` is called after each tensor and may raise to stop. Raises ModelError when the file is
    not a Llama model with a GPT-2 kind of tokenizer.
    """
    from gguf import GGUFReader

    reader = GGUFReader(source)
    if _field(reader, "general.architecture") != "llama" or _field(reader, "tokenizer.ggml.model") != "gpt2":
        raise ModelError(f"{source.name} is not a Llama model with a byte-level BPE tokenizer.")
    _write_config(reader, folder)
    _write_tokenizer(reader, folder)
    _write_weights(reader, folder, step)


def _field(reader: GGUFReader, name: str, default: Any = None) -> Any:
    field = reader.get_field(name)
    return default if field is None else field.contents()


def _write_config(reader: GGUFReader, folder: Path) -> None:
    from transformers import LlamaConfig

    def number(name: str) -> Any:
        return _field(reader, f"llama.{name}")

    heads = number("attention.head_count")
    config = LlamaConfig(
        vocab_size=len(_field(reader, "tokenizer.ggml.tokens")),
        hidden_size=number("embedding_length"),
        intermediate_size=number("feed_forward_length"),
        num_hidden_layers=number("block_count"),
        num_attention_heads=heads,
        num_key_value_heads=number("attention.head_count_kv"),
        head_dim=number("rope.dimension_count"),
        max_position_embeddings=number("context_length"),
        # Stored as a 32-bit float: 9.99999975e-06 was 1e-05.
        rms_norm_eps=float(f"{number('attention.layer_norm_rms_epsilon'):.6g}"),
        rope_parameters={"rope_type": "default", "rope_theta": float(number("rope.freq_base"))},
        tie_word_embeddings=all(tensor.name != "output.weight" for tensor in reader.tensors),
        bos_token_id=_field(reader, "tokenizer.ggml.bos_token_id"),
        eos_token_id=_field(reader, "tokenizer.ggml.eos_token_id"),
        pad_token_id=_field(reader, "tokenizer.ggml.padding_token_id"),
        architectures=["LlamaForCausalLM"],
        dtype="float32",
    )
    config.save_pretrained(folder)


def _write_tokenizer(reader: GGUFReader, folder: Path) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    if _field(reader, "tokenizer.ggml.add_bos_token", False):
        raise ModelError("This GGUF file asks for a beginning-of-text token, which its converter does not add.")
    tokens: list[str] = _field(reader, "tokenizer.ggml.tokens")
    kinds: list[int] = _field(reader, "tokenizer.ggml.token_type")
    merges = [tuple(merge.split(" ", 1)) for merge in _field(reader, "tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    special = [token for token, kind in zip(tokens, kinds, strict=True) if kind == CONTROL_TOKEN]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in special])

    def token_at(name: str) -> str | None:
        index = _field(reader, f"tokenizer.ggml.{name}_token_id")
        return None if index is None else tokens[index]

    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=token_at("bos"),
        eos_token=token_at("eos"),
        unk_token=token_at("unknown"),
        pad_token=token_at("padding"),
        chat_template=_field(reader, "tokenizer.chat_template"),
        clean_up_tokenization_spaces=False,
        model_max_length=_field(reader, "llama.context_length"),
    ).save_pretrained(folder)


def _write_weights(reader: GGUFReader, folder: Path, step: Callable[[int, int], None]) -> None:
    from gguf.quants import dequantize
    from safetensors.numpy import save_file

    heads = {
        "attn_q": _field(reader, "llama.attention.head_count"),
        "attn_k": _field(reader, "llama.attention.head_count_kv"),
    }
    weights: dict[str, NDArray[np.float32]] = {}
    for done, tensor in enumerate(reader.tensors, 1):
        part = tensor.name.removesuffix(".weight").split(".")  # blk.3.attn_q, token_embd
        kind = part[-1]
        if kind not in NAMES or not tensor.name.endswith(".weight"):
            raise ModelError(f"The GGUF file has a tensor that a Llama model does not have: {tensor.name}.")
        values = np.asarray(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
        if kind in heads:
            values = _rotary_rows(values, heads[kind])
        layer = f"model.layers.{part[1]}." if part[0] == "blk" else ""
        weights[f"{layer}{NAMES[kind]}.weight"] = np.ascontiguousarray(values)
        step(done, len(reader.tensors))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def _rotary_rows(weight: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Rows of W_Q or W_K [head * d_head, width] from llama.cpp's order (the two numbers that rotate together
    stand side by side) to transformers' (the first numbers of all pairs, then the second)."""
    pairs = weight.reshape(heads, weight.shape[0] // heads // 2, 2, weight.shape[1])
    return pairs.swapaxes(1, 2).reshape(weight.shape)
