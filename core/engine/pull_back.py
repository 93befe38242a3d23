"""The vector-Jacobian product, without what PyTorch imports to check its shapes.

`torch.autograd.grad` with `grad_outputs` imports symbolic shapes, and with them sympy: three quarters of a second of
the first circuit after a start. The gradient of the product's sum is the same to the bit: its gradient at the output
is the given one.
"""

from __future__ import annotations

import torch
from torch import Tensor


def pull_back(output: Tensor, x: Tensor, gradient: Tensor) -> Tensor:
    """From the gradient at an output, of its shape, to that at x: [of x]."""
    with torch.enable_grad():
        total = (output * gradient).sum()
    (at_x,) = torch.autograd.grad(total, x)
    return at_x
