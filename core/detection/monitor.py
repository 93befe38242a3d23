"""A monitor: how far what parts of a model carry lies from what they carry on reference inputs. This file needs PyTorch
and the hooks beside it alone: an exported monitor carries both, and `load` puts it on a model without Wirescope.

The model runs its own forward. For each watched part, at each position:

1. What its writer adds to the stream, less its mean over the reference inputs. Of an edge into q, k or v of a head, the
   part of it that the reader's weights can read.
2. Its Mahalanobis distance by the covariance of the reference inputs (shrunk: Chen et al. 2010, OAS).
3. The largest distance over the positions of an input, as a logarithm, in standard deviations from its mean over the
   reference inputs.

The score of an input is the root of the mean over the parts of the squares of what is more than usual: a part that
carries less than usual counts as nought. Above the threshold it is an alarm.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core.edited.hooks import Hooks

LEAST = 1e-6  # of a distance, before its logarithm


class Looking(Hooks):
    """Hooks that change nothing and tell what the watched nodes write: `seen(name, out [batch, position, width])`."""

    def __init__(self, module: nn.Module, plan: dict[str, Any]) -> None:
        self.seen: Callable[[str, Tensor], None] | None = None
        self.home = next(module.parameters()).device  # a model's layers may lie on others
        super().__init__(module, {**plan, "nodes": {}, "readers": {}}, {})

    def _written(self, name: str, out: Tensor) -> None:
        if self.seen is not None and name in self.watched:
            self.seen(name, out.detach().float().to(self.home))


class Monitor(nn.Module):
    """A monitor on a model, which computes what it did before. Called as the model is, it gives scores [row].

    plan: where the model's parts are (`core.edited.hooks`), "parts": [{"name", "writer"}] and "threshold". values: of
    part number i "i.mean" [width] and "i.map" [width, k], which makes its vectors white; where it writes beyond these
    axes, "i.axes" [width, k] and "i.rest" [], the variance there; "centre" and "spread" [parts].
    """

    def __init__(self, module: nn.Module, plan: dict[str, Any], values: dict[str, Tensor]) -> None:
        super().__init__()
        self.parts = [part["name"] for part in plan["parts"]]
        self.threshold = float(plan["threshold"])
        like = next(module.parameters())
        for name, value in values.items():
            self.register_buffer(name.replace(".", "_"), value.float().to(like.device))
        self._of_writer: dict[str, list[int]] = {}
        for number, part in enumerate(plan["parts"]):
            self._of_writer.setdefault(part["writer"], []).append(number)
        self._looking = Looking(module, {**plan, "watched": list(self._of_writer)})

    def remove(self) -> None:
        """Take the monitor off the model."""
        self._looking.remove()

    def forward(self, *args: Any, lengths: Tensor | None = None, **options: Any) -> Tensor:
        """Scores of a batch, [row]. lengths: how many positions of each row are real, [row], the others being padding
        on the right; None: all."""
        return self.score(self.distances(lambda: self._looking.module(*args, **options), lengths))

    def alarms(self, *args: Any, lengths: Tensor | None = None, **options: Any) -> Tensor:
        """Which rows are beyond the threshold, [row]."""
        scores: Tensor = self(*args, lengths=lengths, **options)
        return scores > self.threshold

    def score(self, distances: Tensor) -> Tensor:
        """[row], of distances [row, part]."""
        return self.standard(distances).clamp(min=0.0).square().mean(dim=1).sqrt()

    def standard(self, distances: Tensor) -> Tensor:
        """Distances in standard deviations from the mean of the reference inputs, [row, part]."""
        return (distances.clamp(min=LEAST).log() - self.centre) / self.spread  # type: ignore[operator]

    @torch.no_grad()
    def distances(self, run: Callable[[], object], lengths: Tensor | None = None) -> Tensor:
        """The largest distance over an input's positions, of each part, [row, part]. run: one forward of the model."""
        columns: dict[int, Tensor] = {}

        def seen(writer: str, out: Tensor) -> None:
            for number in self._of_writer[writer]:
                distance = self._distance(number, out)
                if lengths is not None:
                    places = torch.arange(out.shape[1], device=out.device)
                    distance = distance.masked_fill(places >= lengths.to(out.device)[:, None], 0.0)
                columns[number] = distance.max(dim=1).values

        self._looking.seen = seen
        try:
            run()
        finally:
            self._looking.seen = None
        return torch.stack([columns[number] for number in range(len(self.parts))], dim=1)

    def _distance(self, number: int, out: Tensor) -> Tensor:
        """[batch, position]"""
        x = out - getattr(self, f"{number}_mean")
        square = (x @ getattr(self, f"{number}_map")).square().sum(dim=-1)
        rest = getattr(self, f"{number}_rest", None)
        if rest is not None:
            axes = getattr(self, f"{number}_axes")
            inside = (x @ axes).square().sum(dim=-1)
            square = square + (x.square().sum(dim=-1) - inside).clamp(min=0.0) / rest
        return square.sqrt()  # type: ignore[no-any-return]


def load(folder: str | Path, module: nn.Module) -> Monitor:
    """The monitor of an exported folder, on a model that transformers or timm opened. `remove()` takes it off."""
    from safetensors.torch import load_file

    place = Path(folder)
    plan = json.loads((place / "monitor.json").read_text(encoding="utf-8"))
    return Monitor(module, plan, load_file(place / "monitor.safetensors"))
