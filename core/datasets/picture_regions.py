"""Regions of pictures that words name: `eye=27-30,35`, or those where a mask is light."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import InputError
from core.inputs.regions import parse_region

if TYPE_CHECKING:
    from core.inputs.pair import Pair
    from core.models.model import Model


def with_regions(model: Model, pair: Pair, regions: Sequence[str], clean: str) -> Pair:
    """A pair with the regions that the words name. clean: the picture A, which masks may have the size of. Raises
    InputError."""
    if not regions:
        return pair
    if pair.grid is None:
        raise InputError("Regions are of pictures.", "Open a vision model.")
    named: dict[str, tuple[int, ...]] = {}
    for name, patches in map(parse_region, regions):
        if name in named:
            raise InputError(f"Two regions are called {name}.", "Give each a name of its own.")
        named[name] = _of_mask(model, pair, patches, clean) if isinstance(patches, Path) else patches
    return pair.with_regions(named)


def _of_mask(model: Model, pair: Pair, mask: Path, clean: str) -> tuple[int, ...]:
    from core.inputs.image_region import mask_of_file, patches_of, picture_size

    if model.processing is None:
        raise InputError("This model has no image processor, so a mask cannot be read for it.", "Name patches instead.")
    assert pair.grid is not None
    held = mask_of_file(str(mask), model.processing, pair.clean.tensor.shape[-2:], picture_size(clean))
    return patches_of(held, pair.grid)
