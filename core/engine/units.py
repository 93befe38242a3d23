"""Edits of an MLP's units, and what units add.

Steps, for an MLP with edited units at some rows:
1. Its module makes what it makes of its input, and shows what its units hold: activations, or what experts make.
2. Of a mixture the router's weights are edited first (`core.engine.routing`).
3. Each edited unit's value is replaced: by zero, B's, its mean, another input's, a multiple, with noise. B's value and
   the others come from the MLP's input in that run.
4. The change of values, through the last linear map, is added to what the module made; then LayerScale, norm or
   multiplier follow, as they do without edits. So the MLP writes what it would write with those values inside.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.edit_kinds import KINDS
from core.engine.divisor import Divisor, epsilon_of
from core.engine.plan import Plan, Slot
from core.engine.references import References
from core.engine.replacement import REPLACEMENTS, Cancelled, Spot
from core.engine.routing import Edited, Share, rerouted, reroutes
from core.engine.state import RunState, stream_before
from core.graph import Reader
from core.models.units import Units
from core.precision import widened


def edited_mlp(units: Units, normed: Tensor, edited: Edited, spot: Spot, share: Share) -> Tensor:
    """What an MLP adds to the stream with edited units: [batch, n, width]. normed: its input. spot: its rows. share:
    how much of a slot applies at each of them, [batch or 1, n, 1]."""
    made, inside = units.made(normed)
    if reroutes(edited):
        weights = rerouted(units, normed, inside, edited, share)
        numbers = (weights != inside).flatten(0, 1).any(dim=0).nonzero()[:, 0].tolist()
        if numbers:
            change = units.values(normed, weights, numbers) - units.values(normed, inside, numbers)
            made = (widened(made) + units.added(change, numbers)).to(made.dtype)
        inside = weights
    for slots, numbers in _alike(edited):
        before = widened(units.values(normed, inside, numbers))
        after = _edited(units, before, numbers, slots, spot, share)
        made = (widened(made) + units.added(after - before, numbers)).to(made.dtype)
    written: Tensor = units.adapter.mlp_written(units.layer, made)
    return written


def edited_values(units: Units, values: Tensor, edited: Edited, spot: Spot, share: Share) -> Tensor:
    """Values of all units [batch, n, units * size] as the edits of some leave them."""
    by_unit = values.clone().unflatten(2, (units.count, units.size))  # type: ignore[no-untyped-call]
    for slots, numbers in _alike(edited):
        after = _edited(units, widened(by_unit[:, :, numbers].flatten(2)), numbers, slots, spot, share)
        by_unit[:, :, numbers] = after.unflatten(2, (len(numbers), units.size)).to(values.dtype)  # type: ignore[no-untyped-call]
    return by_unit.flatten(2)  # type: ignore[no-any-return]


def _alike(edited: Edited) -> list[tuple[tuple[Slot, ...], list[int]]]:
    """Units with the same edits of their values, together."""
    groups: dict[tuple[Slot, ...], list[int]] = {}
    for number, slots in edited:
        of_value = tuple(slot for slot in slots if not KINDS[slot.kind].routes)
        if of_value:
            groups.setdefault(of_value, []).append(number)
    return list(groups.items())


def _edited(
    units: Units, values: Tensor, numbers: Sequence[int], slots: Sequence[Slot], spot: Spot, share: Share
) -> Tensor:
    out = values
    for slot in slots:
        values = values + share(slot) * (REPLACEMENTS[slot.kind].at_units(units, numbers, slot, out, spot) - values)
    return values


def of_stream(units: Units, stream: Tensor, numbers: Sequence[int]) -> Tensor:
    """The values of some units where their MLP reads a stream [batch, n, width]."""
    return widened(units.of(units.adapter.mlp_norm(units.layer, stream), numbers))


def means_of(units: Units, references: References, cancelled: Cancelled = None) -> Tensor:
    """The means of all units' values over the clean inputs: [batch or 1, position or 1, units, size]. Raises EditError,
    Cancelled."""
    parallel, reader = units.adapter.shape.parallel, Reader("mlp", units.layer)

    def make(state: RunState) -> Tensor:
        return of_stream(units, stream_before(state, reader, parallel), range(units.count))

    means = references.mean_of(f"{units.kind}s of m{units.layer}", make, cancelled)
    return means.unflatten(2, (units.count, units.size))  # type: ignore[no-any-return,no-untyped-call]


def prepare_units(plan: Plan, references: References, cancelled: Cancelled = None) -> None:
    """Make what edits of units are taken from, where that takes runs over other inputs. Raises EditError, Cancelled."""
    for number, stage in plan.acting.items():
        for kind in dict.fromkeys(slot.kind for _, slots in stage.units for slot in slots):
            units = references.adapter.units[number // 2]
            assert units is not None
            REPLACEMENTS[kind].prepare_units(units, references, cancelled)


def factor(units: Units, made: Tensor) -> Tensor:
    """What multiplies all that the module makes, [batch, n, width], on the way to the stream: [width], or [batch, n,
    width] where a norm follows. In fp32 at least."""
    adapter, layer = units.adapter, units.layer
    ones = torch.ones_like(made[:1, :1])
    of_ones = widened(adapter.mlp_written(layer, ones))
    if torch.allclose(widened(adapter.mlp_written(layer, 2 * ones)), 2 * of_ones, rtol=1e-3):
        return of_ones[0, 0]
    epsilon = epsilon_of(adapter.after_mlp(layer)) or 0.0
    scale: Tensor = of_ones * (1 + epsilon) ** 0.5 / Divisor(False, epsilon)(widened(made))
    return scale
