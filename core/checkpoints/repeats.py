"""What heads do on repeated random sequences, and how much is copied: the signs of induction in training.

Random tokens, then the same ones again (Olsson et al. 2022, "In-context Learning and Induction Heads"): nothing but
the first copy tells what comes. Of each head the scores of `core.lens.heads`, means over the sequences, and *matching*:

    attention of the second copy to the PLACES positions after an earlier copy of the query's token, less the same
    where the first copy is made of other tokens

What followed an earlier copy need not be read at its own place: a model may carry it on and read it some positions
later, as the bundled `names` does, which the published score of induction does not see. A head that attends by position
alone scores 0, since the second sequences leave positions as they are. Of the model, at the positions of the second
copy whose token before was there already: copied, the share at which the likeliest token is the right one, and the
losses of the two copies in nats, whose difference is what the context gives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.lens.heads import Trait, Weights, patch_traits, token_traits
from core.models.model import Model
from core.progress import at
from core.result import Result
from core.session import Session

SEQUENCES, PERIOD = 16, 10
PLACES = 4
MATCHING = "matching"
TRAITS = (MATCHING, "induction", "previous token", "neighbours", "class token")  # that are shown
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Heads:
    """traits: of each score its values, [layers, heads]. copied: share; first_loss, second_loss: nats a token. These
    are None of a model that gives no next token."""

    traits: dict[str, Floats]
    copied: float | None = None
    first_loss: float | None = None
    second_loss: float | None = None

    def best(self, trait: str) -> tuple[str, float]:
        """The head with the highest score, and the score."""
        values = self.traits[trait]
        layer, head = np.unravel_index(int(values.argmax()), values.shape)
        return f"a{layer}.h{head}", float(values[layer, head])


def repeated(model: Model, seed: int = 0) -> tuple[Tensor, int]:
    """Random sequences, each twice, [sequence, position], and where the second copy begins. What a tokenizer puts
    before a text stands before them."""
    adapter = model.adapter
    assert adapter.vocabulary is not None
    special = set(getattr(model.tokenizer, "all_special_ids", None) or ())
    special |= {each for each in (getattr(model.tokenizer, "eos_token_id", None),) if each is not None}
    tokens = [token for token in range(adapter.vocabulary) if token not in special]
    start = _start(model)
    context = adapter.context_length or 2 * PERIOD + len(start)
    period = max(1, min(PERIOD, (context - len(start)) // 2, len(tokens)))
    rng = Random(seed)
    rows = []
    for _ in range(SEQUENCES):
        once = rng.sample(tokens, period)
        rows.append([*start, *once, *once])
    return torch.tensor(rows, device="cpu"), len(start) + period


def _other_first(ids: Tensor, second: int) -> Tensor:
    """The same second copies behind the first ones of other sequences."""
    first = slice(second - (ids.shape[1] - second), second)
    other = ids.clone()
    other[:, first] = ids[:, first].roll(1, dims=0)
    return other


def _start(model: Model) -> list[int]:
    first = getattr(model.tokenizer, "bos_token_id", None)
    if first is None:
        return []
    ids: list[int] = model.side("a").tensor[0].tolist()
    return [first] if len(ids) > 1 and ids[0] == first else []


def heads_of(model: Model, session: Session, seed: int = 0) -> Heads:
    """Of text on repeated sequences, of pictures on the session's first A. Raises Cancelled."""
    if not model.is_text:
        grid, prefix = session.pair.grid, session.pair.prefix
        assert grid is not None
        part = session if session.pair.batch == 1 else session.part(range(1))
        return Heads(_traits(part.run(), lambda weights: patch_traits(weights, grid, prefix)))
    ids, second = repeated(model, seed)
    result = Session(model, model.pair(ids), parity=session.parity).run(positions="all")
    row = ids[0].tolist()  # which tokens are alike is the same in all rows
    traits = _traits(result, lambda weights: token_traits(weights, row))
    control = Session(model, model.pair(_other_first(ids, second)), parity=session.parity).run(positions="all")
    traits[MATCHING] = _matching(result, control, second)
    if model.adapter.shape.output_kind != "next token":
        return Heads(traits)
    logits = result.logits[:, :-1].float().cpu()
    losses = -logits.log_softmax(dim=-1).gather(2, ids[:, 1:, None])[..., 0]
    right = logits[:, second:].argmax(dim=-1) == ids[:, second + 1 :]
    first = second - (ids.shape[1] - second)
    return Heads(
        traits,
        float(right.float().mean()),
        float(losses[:, first : second - 1].mean()),
        float(losses[:, second:].mean()),
    )


def _matching(result: Result, control: Result, second: int) -> Floats:
    """[layers, heads]. control: of the sequences whose first copy is another."""
    adapter, n = result.model.adapter, result.state.embedding.shape[1]
    period = n - second
    keys = np.zeros((n, n), dtype=bool)
    for query in range(second, n):
        keys[query, query - period + 1 : query - period + 1 + min(PLACES, period - 1)] = True
    layers, heads = adapter.shape.layers, adapter.shape.heads
    values = np.zeros((layers, heads))
    for layer in range(layers):
        at(layer / layers)
        for head in range(heads):
            with torch.no_grad():
                patterns = [each.state.pattern(adapter, layer, head) for each in (result, control)]
            more = (patterns[0] - patterns[1]).float().mean(dim=0).cpu().numpy()
            values[layer, head] = (more * keys)[second:].sum(axis=1).mean()
    return values


def _traits(result: Result, read: Callable[[Weights], list[Trait]]) -> dict[str, Floats]:
    """Of the mean attention over the rows of a run: the scores are linear in it."""
    adapter = result.model.adapter
    layers, heads = adapter.shape.layers, adapter.shape.heads
    traits: dict[str, Floats] = {}
    for layer in range(layers):
        at(layer / layers)
        for head in range(heads):
            with torch.no_grad():
                weights = result.state.pattern(adapter, layer, head).float().mean(dim=0).cpu().numpy()
            for trait in read(weights):
                traits.setdefault(trait.name, np.zeros((layers, heads)))[layer, head] = trait.value
    return traits
