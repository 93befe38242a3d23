"""Building a module whose weights are read from a file afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps

from torch import Tensor, nn

FILLS = ("uniform_", "normal_", "trunc_normal_", "kaiming_uniform_", "xavier_uniform_", "constant_", "ones_", "zeros_")


@contextmanager
def unfilled() -> Iterator[None]:
    """Meanwhile torch's fills of new weights leave those alone that have no memory yet (of the meta device).

    The library builds a module there first. A fill writes nothing then, but torch reckons the shape of its outcome in
    Python: a third of the time in which a small GPT-2 is opened. Weights with memory are filled as ever."""
    before = {name: getattr(nn.init, name) for name in FILLS}
    for name, fill in before.items():
        setattr(nn.init, name, _leaving_meta(fill))
    try:
        yield
    finally:
        for name, fill in before.items():
            setattr(nn.init, name, fill)


def _leaving_meta(fill: Callable[..., Tensor]) -> Callable[..., Tensor]:
    @wraps(fill)
    def filled(tensor: Tensor, *arguments: float, **options: object) -> Tensor:
        return tensor if tensor.is_meta else fill(tensor, *arguments, **options)

    return filled
