"""Inputs inside a script in plain PyTorch, exactly as the model takes them: ids of tokens; pixels as a picture of eight
bits where that gives the same, else as packed numbers."""

from __future__ import annotations

import base64
import io
import textwrap
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from core.models.model import Model
from core.scripts import literals as py
from core.scripts.literals import MOST_BYTES
from core.scripts.torch_model import no_script

EQUAL = 1e-6  # of normalised pixels

UNPACK = {
    "picture": '''
def picture(png):
    """A picture as the model takes it, from what it sees."""
    colours = torch.tensor(np.array(Image.open(io.BytesIO(base64.b64decode(png))))) / 255
    return ((colours - torch.tensor(MEAN)) / torch.tensor(STD)).permute(2, 0, 1)[None]
''',
    "numbers": '''
def numbers(packed, dtype, *shape):
    """Numbers that are no picture of eight bits."""
    content = zlib.decompress(base64.b64decode(packed))
    return torch.frombuffer(bytearray(content), dtype=dtype).reshape(1, *shape)
''',
}
NEEDS = {
    "picture": ("import base64", "import io", "import numpy as np", "from PIL import Image"),
    "numbers": ("import base64", "import zlib"),
}


def inputs_text(model: Model, named: Mapping[str, Tensor], words: Mapping[str, str]) -> tuple[list[str], set[str]]:
    """Blocks of a script that end with the table INPUTS, and the imports that they need. named: ids [position] or
    pixels [channel, height, width]. words: what some of them are. Raises ArgumentError for what is too large."""
    if model.is_text:
        lines = []
        for name, ids in named.items():
            lines += [py.comment(words[name])] if name in words else []
            lines.append(f"{py.quoted(name)}: torch.tensor([{py.numbers(ids.tolist())}]),")
        inside = textwrap.indent("\n".join(lines), "    ")
        return [f"INPUTS = {{  # ids of tokens\n{inside}\n}}"], set()
    processing = model.processing
    mean, std = ((), ()) if processing is None else (processing.mean, processing.std)
    items, readers = [], set()
    for name, pixels in named.items():
        packed, reader = _packed(pixels, mean, std)
        readers.add(reader)
        items.append(f"    {py.quoted(name)}: {reader}(\n{packed}    ),\n")
    blocks = [f"MEAN, STD = {list(mean)}, {list(std)}"] if "picture" in readers else []
    blocks += [UNPACK[reader].strip() for reader in sorted(readers)]
    table = "INPUTS = {  # pixels, as the model takes them\n" + "".join(items) + "}"
    return [*blocks, table], {line for reader in readers for line in NEEDS[reader]}


def _packed(pixels: Tensor, mean: Sequence[float], std: Sequence[float]) -> tuple[str, str]:
    """Pixels as the arguments of a function of UNPACK, and its name."""
    x = pixels.detach().cpu()
    eight = _eight_bits(x, mean, std)
    if eight is not None:
        out = io.BytesIO()
        Image.fromarray(eight).save(out, "PNG", optimize=True)
        content, reader, more = out.getvalue(), "picture", ""
    else:
        content, reader = zlib.compress(np.ascontiguousarray(x.numpy()).tobytes(), 9), "numbers"
        more = f"        {x.dtype}, {', '.join(map(str, x.shape))},\n"
    if len(content) > MOST_BYTES:
        raise no_script("its picture is too large for one")
    lines = textwrap.wrap(base64.b64encode(content).decode("ascii"), py.WIDTH)
    return "\n".join(f'        "{line}"' for line in lines) + ",\n" + more, reader


def _eight_bits(x: Tensor, mean: Sequence[float], std: Sequence[float]) -> np.ndarray | None:
    """The picture [height, width, 3] that normalising makes these pixels of; None where there is none."""
    if len(x) != 3 or len(mean) != 3 or x.dtype != torch.float32:
        return None
    middle, spread = torch.tensor(mean, device=x.device), torch.tensor(std, device=x.device)
    eight = ((x.permute(1, 2, 0) * spread + middle) * 255).round().clamp(0, 255).to(torch.uint8)
    again = ((eight / 255 - middle) / spread).permute(2, 0, 1)
    return eight.numpy() if torch.allclose(again, x, rtol=0, atol=EQUAL) else None
