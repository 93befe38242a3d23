"""Name movers: heads that attend from the end of a sentence of indirect objects to the name that gets the gift, and
copy what they read (Wang et al. 2022, "Interpretability in the Wild", section 3.1)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from core.engine.engine import Engine
from core.errors import InputError
from core.inputs.tasks import make_task
from core.models.model import Model
from core.progress import at

SENTENCES = 8


def name_mover_scores(model: Model, copies: NDArray[np.bool_], seed: int = 0) -> NDArray[np.float64] | None:
    """[heads] layer by layer: the mean attention from the last position to the name, 0 of heads that do not copy. None
    where the task does not fit the model. copies: [heads]. Raises Cancelled."""
    if model.tokenizer is None:
        return None
    try:
        task = make_task("ioi", model, SENTENCES, seed)
    except InputError:
        return None
    shape = model.adapter.shape
    sums, count = np.zeros(shape.layers * shape.heads), 0
    for number, ((clean, _), (target, _)) in enumerate(zip(task.pairs, task.answers, strict=True)):
        at(number / len(task.pairs))
        ids = model.side(clean).tensor
        places = (ids[0] == model.answer(target)).nonzero()[:, 0]
        if not len(places):  # the name begins the text: there it is another token
            continue
        state, count = Engine(model.adapter, ids, None).clean(), count + 1
        with torch.no_grad():
            for head in np.nonzero(copies)[0]:
                layer, place = divmod(int(head), shape.heads)
                weights = state.pattern(model.adapter, layer, place)[0, -1]
                sums[head] += float(weights[places].sum())
    return sums / count if count else None
