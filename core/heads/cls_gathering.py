"""CLS gathering: heads whose class token reads patches with content, rather than itself or artefacts, and that bring
what it reads to the output.

In self-supervised vision transformers heads of the class token attend to objects (Caron et al. 2021, "Emerging
Properties in Self-Supervised Vision Transformers", section 4.2.2), and what heads move from patches to the class token
makes up the output (Gandelsman et al. 2024, "Interpreting CLIP's Image Representation via Text-Based Decomposition",
section 3). Attention alone does not tell: an even one gives the patches nearly all. So:

1. On pictures of one object on a plain ground, the class token's attention to the patches of the object, a quarter of
   all. Patches of outlying norm are no content (Darcet et al. 2024).
2. Of heads that pass this (and are above random heads), what they write to the class token is replaced by what they
   write there where the object is taken away. That has to bring the output nearer to the output without the object than
   each of DRAWS changes of the same length in random directions does, which a head that brings nothing does once in
   DRAWS + 1 times. Other heads score 0.

       effect = (output with the replacement - output) . (output without the object - output)
                / |output without the object - output|^2

Over a corpus nobody says where the objects are: there the patches are asked for whose pixels vary more than those of
the median patch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.edits import Edit
from core.engine.engine import Engine
from core.graph import Node
from core.heads.places import Mask
from core.models.model import Model
from core.precision import widened
from core.progress import stage
from core.session import Session

NAME = "CLS gathering"
DRAWS = 9  # changes in random directions


def has_class_token(model: Model) -> bool:
    return model.adapter.prefix_labels[:1] == ("CLS",)


def object_pictures(pictures: Tensor, grid: tuple[int, int], seed: int = 0) -> tuple[Tensor, Tensor, NDArray[np.bool_]]:
    """Each picture at half its size somewhere on a ground of its mean colour, and the ground alone, both [picture,
    channel, height, width]; and where the object is, [picture, patch]."""
    rng = np.random.default_rng([seed, 23])
    rows, columns = grid
    high, wide = rows // 2, columns // 2
    down, across = pictures.shape[2] // rows, pictures.shape[3] // columns
    grounds = pictures.mean(dim=(2, 3), keepdim=True).expand_as(pictures).clone()
    small = F.interpolate(pictures.float(), size=(high * down, wide * across), mode="bilinear", antialias=True)
    made, where = grounds.clone(), np.zeros((len(pictures), rows, columns), dtype=bool)
    for number, picture in enumerate(small.to(pictures)):
        top, left = int(rng.integers(0, rows - high + 1)), int(rng.integers(0, columns - wide + 1))
        y, x = top * down, left * across
        made[number, :, y : y + high * down, x : x + wide * across] = picture
        where[number, top : top + high, left : left + wide] = True
    return made, grounds, where.reshape(len(pictures), -1)


def detailed(pixels: Tensor, grid: tuple[int, int]) -> NDArray[np.bool_]:
    """[patch], those whose pixels vary more than those of the median patch. pixels: [channel, height, width]."""
    square = F.adaptive_avg_pool2d(pixels[None].double() ** 2, grid)
    variance = (square - F.adaptive_avg_pool2d(pixels[None].double(), grid) ** 2).sum(dim=1).flatten()
    detail: NDArray[np.bool_] = (variance > variance.median() + 1e-9).cpu().numpy()
    return detail


def class_mask(prefix: int, content: NDArray[np.bool_]) -> Mask:
    """[query, key]: the class token asks, patches with content are read. content: [patch]."""
    mask = np.zeros((prefix + len(content), prefix + len(content)), dtype=bool)
    mask[0, prefix:] = content
    return mask


def brings(model: Model, objects: Tensor, grounds: Tensor, heads: Sequence[int], seed: int = 0) -> NDArray[np.bool_]:
    """Of some heads, numbered layer by layer, whether what they write to the class token matters (2. above). objects,
    grounds: as `object_pictures` gives them. Raises Cancelled."""
    matters = np.zeros(len(heads), dtype=bool)
    if not len(heads):
        return matters
    session = Session(model, model.pair(objects, grounds))
    states = [Engine(model.adapter, pixels, None).clean(full=True) for pixels in (objects, grounds)]
    rng = torch.Generator("cpu").manual_seed(seed)
    for place, number in enumerate(heads):
        with stage(place / len(heads), (place + 1) / len(heads)):
            node = Node("head", *divmod(number, model.adapter.shape.heads))
            one, other = (widened(state.out(model.adapter, node)[:, 0]) for state in states)
            length = float((one - other).norm(dim=-1).mean())
            effect = _effect(session, Edit(node, "patch", positions=[0]))
            matters[place] = all(
                effect
                > _effect(session, Edit(node, "steer", positions=[0], value=(length * _direction(one, rng)).tolist()))
                for _ in range(DRAWS)
            )
    return matters


def _direction(like: Tensor, rng: torch.Generator) -> Tensor:
    """[width], of length 1."""
    drawn = torch.randn(like.shape[-1], generator=rng, device="cpu")
    direction: Tensor = drawn / drawn.norm()
    return direction


def _effect(session: Session, edit: Edit) -> float:
    """How much of the way to B's output, the mean over pictures."""
    assert session.counterfactual is not None
    clean, other, edited = (
        widened(each.logits).flatten(1) for each in (session.clean, session.counterfactual, session.run([edit]))
    )
    way = other - clean
    return float((((edited - clean) * way).sum(dim=1) / way.pow(2).sum(dim=1).clamp_min(1e-12)).mean())
