"""Counterfactual pictures: equal to A to the last bit outside the region, and what each kind promises inside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from core.errors import ArgumentError, InputError
from core.inputs.corruption_kinds import IMAGE_KINDS, ImageCorruption
from core.inputs.generators import shapes
from core.inputs.image_corruption import corrupt, corrupted, corrupted_side, patch_order
from core.inputs.image_region import box_of, patches_of
from core.inputs.pair import Side
from core.models.loading import load_model
from core.models.model import Model

GRID = (4, 5)
REGION = (6, 7, 11)
WHOLE = ("other", "blur", "mean", "noise", "shuffle")  # kinds that change all of a picture where nothing is chosen
CHANCE = ("noise", "shuffle")
OBJECT = (18, 19, 20, 26, 27, 28, 34, 35, 36)  # of eight by eight patches, in the middle


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
    if kind == "inpaint":
        pytest.importorskip("cv2", exc_type=ImportError)
    corruption = ImageCorruption(kind, OBJECT, seed=1, other=files[1], text="hi", size=1.0)  # type: ignore[arg-type]
    made = corrupted_side(model, side, corruption)
    changed = (made.tensor != side.tensor).any(dim=1)[0]
    grid = model.adapter.image_grid(side.tensor)
    assert grid is not None
    size = side.tensor.shape[-1] // grid[1]
    patches = {int(y) // size * grid[1] + int(x) // size for y, x in changed.nonzero()}
    assert patches
    assert patches <= set(OBJECT)
    assert torch.equal(made.tensor, corrupted_side(model, side, corruption).tensor)
    others = [corrupted_side(model, side, replace(corruption, seed=seed)).tensor for seed in range(2, 8)]
    assert all(torch.equal(made.tensor, other) for other in others) == (kind not in CHANCE)
    assert made.view is not None
    assert side.view is not None
    assert (made.view != side.view).any()
    assert made.tensor.shape == side.tensor.shape


@pytest.mark.parametrize("kind", WHOLE)
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


# ---- masks, inpainting and words ----


def saved(values: np.ndarray, path: Path) -> str:
    Image.fromarray(values).save(path)
    return str(path)


def test_a_mask_holds_what_its_patches_hold_and_goes_through_the_models_cropping(
    model: Model, side: Side, files: list[str], tmp_path: Path
) -> None:
    """Of the picture's size and of the model's: both name the same pixels as the patches do."""
    wanted = corrupted_side(model, side, ImageCorruption("mean", (27, 28)))
    for pixels in (128, 64):
        mask = np.zeros((pixels, pixels), np.uint8)
        step = pixels // 8
        mask[3 * step : 4 * step, 3 * step : 5 * step] = 255
        path = saved(mask, tmp_path / f"{pixels}.png")
        made = corrupted_side(model, side, ImageCorruption("mean", mask=path), files[0])
        assert torch.equal(made.tensor, wanted.tensor)
        for array in (mask > 0, mask // 255, np.maximum(mask, 9), np.stack([mask] * 3, axis=-1)):
            assert torch.equal(corrupted(model, files[0], "mean", mask=array), wanted.tensor)
    grown = np.zeros((64, 64), bool)
    grown[:, 5:] = True  # of the first column of patches a part below a half
    assert patches_of(torch.from_numpy(grown), (8, 8)) == tuple(patch for patch in range(64) if patch % 8)
    grown[:] = False
    grown[3, 3] = True
    assert patches_of(torch.from_numpy(grown), (8, 8)) == (0,)


def test_inpainting_takes_an_object_away(model: Model) -> None:
    pytest.importorskip("cv2", exc_type=ImportError)
    picture = np.full((128, 128, 3), (200, 120, 40), np.uint8)
    picture[52:76, 52:76] = (10, 20, 250)
    hole = np.zeros((128, 128), bool)
    hole[48:80, 48:80] = True
    removed = corrupted(model, picture, "inpaint", mask=hole)
    empty = model.side(np.full((128, 128, 3), (200, 120, 40), np.uint8)).tensor
    assert (model.side(picture).tensor - empty).abs().max() > 1
    assert (removed - empty).abs().max() < 0.05  # some of 255 steps, of a range of two


def test_a_word_is_black_on_white_or_letters_alone_and_lies_where_it_is_put() -> None:
    dark = torch.full((3, 96, 120), 0.1, dtype=torch.float64)

    def where(**how: Any) -> tuple[torch.Tensor, tuple[int, int, int, int]]:
        made = corrupt(dark, ImageCorruption("word", text="dog", **how), GRID)
        return made, box_of((made != dark).any(dim=0))

    for sticker in (True, False):
        made, (left, top, right, bottom) = where(sticker=sticker, place="bottom right", size=0.25)
        touched = made[:, top:bottom, left:right]
        assert float(touched.max()) == 1  # the sticker's white, or white letters on the dark
        assert float(touched.min()) == pytest.approx(0.0 if sticker else 0.1)
        assert (bottom, right) == pytest.approx((96, 120), abs=6)
    heights = [box[3] - box[1] for _, box in (where(size=0.2, sticker=False), where(size=0.4, sticker=False))]
    assert heights[1] == pytest.approx(2 * heights[0], abs=2)
    _, large = where(size=1.0)  # as wide as the picture, no wider
    assert large[2] - large[0] == pytest.approx(120, abs=4)
    _, box = where(patches=REGION, size=0.9)  # their box: rows 1 and 2, columns 1 and 2
    assert box[0] >= 24
    assert box[1] >= 24
    assert box[2] <= 72
    assert box[3] <= 72


def test_masks_and_words_that_cannot_be_are_said(model: Model, side: Side, files: list[str], tmp_path: Path) -> None:
    def refused(words: str, picture: str = files[0], **how: Any) -> None:
        with pytest.raises(InputError, match=words) as caught:
            corrupted(model, picture, **how)
        assert caught.value.hint

    refused("has 30 x 20 pixels, and the picture has 128 x 128", kind="mean", mask=np.ones((20, 30), bool))
    refused("is empty: no part of it is light", kind="mean", mask=np.zeros((128, 128), bool))
    refused(r"not \[128\]", kind="mean", mask=np.ones(128, bool))
    wide = saved(np.full((64, 200, 3), 99, np.uint8), tmp_path / "wide.png")
    edge = np.zeros((64, 200), bool)
    edge[:, :20] = True
    refused("outside of what the model sees", wide, kind="mean", mask=edge)
    refused("no file", kind="mean", mask=str(tmp_path / "none.png"))
    refused("whole picture", kind="inpaint")
    refused("no word", kind="word", text="  ")
    refused("has no '犬'", kind="word", text="犬")
    refused("does not fit", kind="word", text="a very long word that nobody could read", size=0.5)
    refused("too many", kind="word", text="x" * 99)
    with pytest.raises(ArgumentError, match="top left"):
        corrupted(model, files[0], "word", text="dog", place="above")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="size is 0"):
        ImageCorruption("word", text="dog", size=0)
    with pytest.raises(ArgumentError, match="patches or a mask"):
        ImageCorruption("mean", (1,), mask="mask.png")
