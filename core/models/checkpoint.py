"""What a model's folder holds, looked at before a library reads it: so that a refusal names the cause.

The libraries say "header too large" of a file that Git left as a pointer and "pip install accelerate" of quantised
weights; the weights of an adapter they leave aside without a word.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ModelError

PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
ADAPTER_CONFIG, ADAPTER_WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
INDEX = "model.safetensors.index.json"
POINTER = b"version https://git-lfs.github.com/spec/"
LONGEST_HEADER = 100_000_000  # bytes: the format's own limit
OTHER_FORMATS = {
    "*.onnx": "an ONNX file",
    "*.h5": "TensorFlow's weights",
    "*.msgpack": "Flax's weights",
    "*.npz": "NumPy arrays",
    "*.mlmodel": "a Core ML file",
    "*.tflite": "a TensorFlow Lite file",
    "*.index": "TensorFlow's weights",
}
# What the libraries of quantised weights call their scales and packed numbers.
QUANTISED = re.compile(
    r"\.(qweight|qzeros|g_idx|scales|(weight|input|output)_scale(_inv|_2)?|weight_(packed|zero_point|global_scale)|SCB|"
    r"weight_format|weight\.(absmax|quant_map|nested_absmax|nested_quant_map|quant_state\..+))$|_(scale_inv|qdata)$"
)
UNPACKED = ("mxfp4",)  # the library makes plain numbers of these as it reads them
SAFETENSORS_HINT = (
    "Load the model with transformers and save it with save_pretrained(FOLDER), which writes safetensors."
)
PLAIN_HINT = (
    "Wirescope reads weights that are not quantised: open the model that they were made from, or let the library that "
    "quantised them dequantise them and save that."
)


@dataclass(frozen=True)
class StoredWeight:
    """A weight as a file's header has it. dtype: safetensors' name for it, "F32", "F8_E4M3", "U8". begin: of its bytes,
    after the header."""

    dtype: str
    shape: tuple[int, ...]
    begin: int = 0

    @property
    def numbers(self) -> int:
        return math.prod(self.shape)


def check_folder(folder: Path, config: Mapping[str, Any]) -> None:
    """Raise ModelError, with the cause, for a folder whose weights are no plain safetensors: pickles, other formats,
    pointers of Git LFS, quantised numbers, missing pieces."""
    check_pointers(folder)
    check_quantisation(config)
    if not any(weight_files(folder)):
        raise no_weights(folder)
    check_stored(stored_weights(folder), bool(config.get("quantization_config")))


def check_pointers(folder: Path) -> None:
    """Raise ModelError for a file that Git left as a pointer."""
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.stat().st_size < 1024 and path.read_bytes().startswith(POINTER):
            raise ModelError(
                f"{path.name} in {folder} is a Git LFS pointer: three lines in place of the file.",
                "Run `git lfs install` and `git lfs pull` in this folder, or download the file itself.",
            )


def check_quantisation(config: Mapping[str, Any]) -> None:
    """Raise ModelError for a configuration that says that the weights are quantised."""
    parts = [config, *(part for part in config.values() if isinstance(part, dict))]
    for part in parts:
        chosen = part.get("quantization_config")
        if isinstance(chosen, dict) and chosen and chosen.get("quant_method") not in UNPACKED:
            raise ModelError(f"The weights are quantised ({quantisation_words(chosen)}).", PLAIN_HINT)


def quantisation_words(chosen: Mapping[str, Any]) -> str:
    """ "bitsandbytes, 4 bits", "gptq, 4 bits", "fp8"."""
    method = chosen.get("quant_method") or chosen.get("quant_library") or "by a method that config.json does not name"
    bits = chosen.get("bits") or chosen.get("w_bit")
    bits = bits or (4 if chosen.get("load_in_4bit") or chosen.get("_load_in_4bit") else None)
    bits = bits or (8 if chosen.get("load_in_8bit") or chosen.get("_load_in_8bit") else None)
    return f"{method}, {bits} bits" if bits else str(method)


def check_stored(stored: Mapping[str, StoredWeight], declared: bool = False) -> None:
    """Raise ModelError for quantised weights, by their names and their kinds of number. declared: the configuration
    says how they are quantised, and the library can make plain numbers of them."""
    if declared:
        return
    scale = next((name for name in sorted(stored) if QUANTISED.search(name)), None)
    packed = next(
        (
            name
            for name, weight in sorted(stored.items())
            if name.endswith(".weight")
            and len(weight.shape) > 1
            and weight.dtype[0] in "IUB"
            and weight.dtype != "BF16"
        ),
        None,
    )
    if scale is None and packed is None:
        return
    kinds = sorted({weight.dtype for weight in stored.values() if weight.dtype[0] in "IU" or "F8" in weight.dtype})
    what = f"it holds {scale}" if scale is not None else f"{packed} is stored as {stored[str(packed)].dtype}"
    stands = f" ({', '.join(kinds)})" if kinds and scale is not None else ""
    raise ModelError(
        f"The weights are quantised{stands}: {what}, and config.json has no quantization_config.", PLAIN_HINT
    )


def weight_files(folder: Path) -> Iterator[Path]:
    """The safetensors that hold the model itself."""
    index = folder / INDEX
    if not (folder / "model.safetensors").exists() and index.is_file():
        yield from (folder / name for name in shards(index))
    else:
        single_file = folder / "model.safetensors"
        parts = sorted(path for path in folder.glob("*.safetensors") if not path.name.startswith("adapter_"))
        yield from [single_file] if single_file.exists() else parts


def shards(index: Path) -> list[str]:
    """The files that an index names. Raises ModelError where it cannot be read or a file is not there."""
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise ModelError(f"{index} cannot be read: {error}", "Get this file again.") from None
    missing = [name for name in names if not (index.parent / str(name)).is_file()]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ModelError(
            f"{index.parent} lacks weights: {missing[0]}{more}, which {index.name} names.",
            "Is its download complete?",
        )
    return names


def stored_weights(folder: Path) -> dict[str, StoredWeight]:
    """All weights of a folder, by name, from the headers of its files. A file that has no header is left to the
    library, which says what is wrong with it."""
    weights: dict[str, StoredWeight] = {}
    for path in weight_files(folder):
        weights |= header(path)
    return weights


def header(path: Path) -> dict[str, StoredWeight]:
    """The weights that a safetensors file says it holds; none where it has no header."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > LONGEST_HEADER:
                return {}
            entries = json.loads(file.read(length))
        return {
            name: StoredWeight(str(entry["dtype"]), tuple(entry["shape"]), int(entry["data_offsets"][0]))
            for name, entry in entries.items()
            if name != "__metadata__"
        }
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return {}


def no_config(folder: Path) -> ModelError:
    """The refusal of a folder without config.json, by what it holds instead."""
    gguf = next(iter(sorted(folder.glob("*.gguf"))), None)
    if gguf is not None:
        return is_gguf(gguf)
    nested = next((path.parent.name for path in sorted(folder.glob("*/config.json"))), None)
    if nested is not None:
        return ModelError(
            f"{folder} is no model: it has no config.json; {nested} in it has one.", f"Open {folder / nested}."
        )
    return ModelError(
        f"{folder} is no model: it has no config.json.",
        "Choose a folder with config.json and model.safetensors, as Hugging Face and timm save them.",
    )


def no_weights(folder: Path) -> ModelError:
    """The refusal of a folder without safetensors, by what it holds instead."""
    pickle = next((path.name for pattern in PICKLES for path in sorted(folder.glob(pattern))), None)
    if pickle is not None:
        return is_pickle(pickle)
    gguf = next(iter(sorted(folder.glob("*.gguf"))), None)
    if gguf is not None:
        return is_gguf(gguf)
    for pattern, words in OTHER_FORMATS.items():
        path = next(iter(sorted(folder.glob(pattern))), None)
        if path is not None:
            return ModelError(f"{path.name} is {words}; Wirescope reads safetensors.", SAFETENSORS_HINT)
    return ModelError(f"{folder} has no weights: no *.safetensors file.", "Is its download complete?")


def is_no_folder(path: Path) -> ModelError:
    """The refusal of a file, by its kind."""
    if path.suffix == ".gguf":
        return is_gguf(path)
    if any(path.match(pattern) for pattern in PICKLES):
        return is_pickle(path.name)
    return ModelError(f"{path.name} is a file; a model is a folder.", "Open the folder with config.json in it.")


def is_pickle(name: str) -> ModelError:
    return ModelError(
        f"{name} is a pickle checkpoint, and opening one can run any code that somebody put in it.",
        "Save the model again with save_pretrained(..., safe_serialization=True), which writes safetensors.",
    )


def is_gguf(path: Path) -> ModelError:
    return ModelError(
        f"{path.name} is a GGUF file, the format of llama.cpp; Wirescope opens folders with safetensors.",
        "Open the model that it was made from, or convert it: AutoModelForCausalLM.from_pretrained(FOLDER, "
        f'gguf_file="{path.name}").save_pretrained(NEW), and the same with AutoTokenizer.',
    )
