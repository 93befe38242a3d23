"""Counterfactual pictures: equal to A to the last bit outside the region, and what each kind promises inside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch

from core.errors import ArgumentError, InputError
from core.inputs.corruption_kinds import IMAGE_KINDS, ImageCorruption
from core.inputs.generators import shapes
from core.inputs.image_corruption import corrupt, corrupted_side, patch_order
from core.inputs.pair import Side
from core.models.loading import load_model
from core.models.model import Model

GRID = (4, 5)
REGION = (6, 7, 11)


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("bundled:shapes")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder, rng = tmp_path_factory.mktemp("pictures"), Random(5)
    paths: list[Path] = []
    for name in "ab":
        paths.append(folder / f"{name}.png")
        shapes.draw(shapes.sample_scene(rng), 128).save(paths[-1])
    return [str(path) for path in paths]


@pytest.fixture(scope="module")
def side(model: Model, files: list[str]) -> Side:
    return model.side(files[0])


def picture() -> torch.Tensor:
    return torch.rand(3, 16, 20, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def inside(pixels: torch.Tensor, patch: int) -> torch.Tensor:
    row, column = divmod(patch, GRID[1])
    return pixels[:, row * 4 : row * 4 + 4, column * 4 : column * 4 + 4]


@pytest.mark.parametrize("kind", IMAGE_KINDS)
def test_only_the_region_changes_and_the_seed_decides(model: Model, side: Side, files: list[str], kind: str) -> None:
    corruption = ImageCorruption(kind, REGION, seed=1, other=files[1])  # type: ignore[arg-type]
    made = corrupted_side(model, side, corruption)
    changed = (made.tensor != side.tensor).any(dim=1)[0]
    grid = model.adapter.image_grid(side.tensor)
    assert grid is not None
    size = side.tensor.shape[-1] // grid[1]
    patches = {int(y) // size * grid[1] + int(x) // size for y, x in changed.nonzero()}
    assert patches
    assert patches <= set(REGION)
    assert torch.equal(made.tensor, corrupted_side(model, side, corruption).tensor)
    others = [corrupted_side(model, side, replace(corruption, seed=seed)).tensor for seed in range(2, 8)]
    assert all(torch.equal(made.tensor, other) for other in others) == (kind in ("other", "blur", "mean"))
    assert made.view is not None
    assert side.view is not None
    assert (made.view != side.view).any()
    assert made.tensor.shape == side.tensor.shape


@pytest.mark.parametrize("kind", IMAGE_KINDS)
def test_without_a_region_the_whole_picture_changes(model: Model, side: Side, files: list[str], kind: str) -> None:
    made = corrupted_side(model, side, ImageCorruption(kind, other=files[1]))  # type: ignore[arg-type]
    assert (made.tensor != side.tensor).any(dim=1).float().mean() > 0.5


def test_another_picture_is_that_picture(model: Model, side: Side, files: list[str]) -> None:
    made = corrupted_side(model, side, ImageCorruption("other", other=Path(files[1]).read_bytes()))
    assert torch.equal(made.tensor, model.side(files[1]).tensor)


def test_the_mean_is_the_regions_own() -> None:
    pixels = picture()
    made = corrupt(pixels, ImageCorruption("mean", REGION), GRID)
    wanted = torch.stack([inside(pixels, patch).reshape(3, -1).mean(dim=1) for patch in REGION]).mean(dim=0)
    for patch in REGION:
        assert torch.allclose(inside(made, patch), wanted[:, None, None].expand(3, 4, 4))


def test_noise_has_the_regions_mean_and_deviation() -> None:
    pixels = torch.rand(3, 160, 200, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 0.2 + 0.4
    made = corrupt(pixels, ImageCorruption("noise", seed=7), GRID)
    assert torch.allclose(made.mean(dim=(1, 2)), pixels.mean(dim=(1, 2)), atol=0.003)
    assert torch.allclose(made.std(dim=(1, 2)), pixels.std(dim=(1, 2)), atol=0.003)
    assert abs(np.corrcoef(made.flatten(), pixels.flatten())[0, 1]) < 0.02


def test_blur_keeps_the_mean_and_loses_what_is_in_a_patch() -> None:
    flat = torch.full((3, 16, 20), 0.3, dtype=torch.float64)
    assert torch.allclose(corrupt(flat, ImageCorruption("blur"), GRID), flat)
    checks = (torch.arange(16)[:, None] + torch.arange(20)).remainder(2).double().expand(3, 16, 20)
    blurred = corrupt(checks, ImageCorruption("blur"), GRID)[:, 5:-5, 5:-5]  # at the edge its colour goes on
    assert blurred.std() < 0.02 * checks.std()
    dot = torch.zeros(3, 16, 20, dtype=torch.float64)
    dot[:, 8, 10] = 1
    blurred = corrupt(dot, ImageCorruption("blur"), GRID)
    assert torch.allclose(blurred[:, 8, 8], blurred[:, 8, 12])  # the same to both sides
    assert blurred[0].argmax() == 8 * 20 + 10


def test_shuffled_patches_are_the_same_ones_elsewhere() -> None:
    pixels = picture()
    made = corrupt(pixels, ImageCorruption("shuffle", REGION, seed=4), GRID)
    order = patch_order(REGION, 4)
    assert sorted(order) == sorted(REGION)
    for place, source in zip(REGION, order, strict=True):
        assert place != source
        assert torch.equal(inside(made, place), inside(pixels, source))


def test_what_cannot_be_made_is_said(model: Model, side: Side, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="blur"):
        ImageCorruption("invert")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no patch 999"):
        corrupted_side(model, side, ImageCorruption("mean", (999,)))
    with pytest.raises(InputError, match="One patch"):
        corrupted_side(model, side, ImageCorruption("shuffle", (3,)))
    with pytest.raises(InputError, match="no file"):
        corrupted_side(model, side, ImageCorruption("other", other=str(tmp_path / "none.png")))
    flat = corrupted_side(model, side, ImageCorruption("mean"))
    with pytest.raises(InputError, match="changes nothing"):
        corrupted_side(model, flat, ImageCorruption("shuffle", (3, 4)))
    with pytest.raises(InputError, match="takes no pictures"):
        corrupted_side(load_model("bundled:names"), side, ImageCorruption("mean"))
