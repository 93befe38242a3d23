"""What is written of every pair, whatever is done with it: its texts and answers, the metric over A and over B, and
what the model says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from core.sharded.job import Columns, Sums

if TYPE_CHECKING:
    from core.inputs.pair import Dataset
    from core.models.model import Model
    from core.session import Session


METRIC_CLEAN, METRIC_COUNTERFACTUAL, RIGHT, ANSWERED = "metric clean", "metric counterfactual", "right", "answered"


class PairColumns:
    """Filled batch by batch. Columns: clean, counterfactual (texts, or names of pictures; null without a B), target,
    foil (null for none), positions (of the stream), metric_clean, metric_counterfactual, answer (what the model says to
    A), correct (whether that is the target; null without one)."""

    def __init__(self, model: Model, dataset: Dataset) -> None:
        count = len(dataset)
        self._model = model
        self._dataset = dataset
        self._clean = np.full(count, np.nan)
        self._counterfactual = np.full(count, np.nan)
        self._answers: list[str | None] = [None] * count
        self._right: list[bool | None] = [None] * count

    def see(self, rows: Sequence[int], session: Session) -> None:
        """A batch: the places of its rows among the pairs, and its session, whose runs are made."""
        places = list(rows)
        self._clean[places] = session.clean.metric.detach().cpu().double().numpy()
        b = session.counterfactual
        if b is not None:
            self._counterfactual[places] = b.metric.detach().cpu().double().numpy()
        if not self._model.has_head:
            return
        said = session.clean.answer.argmax(dim=-1).cpu()
        target = session.metric.target
        wanted = torch.tensor(target, device="cpu").expand_as(said) if target else None
        for number, place in enumerate(places):
            self._answers[place] = self._model.label(int(said[number]))
            self._right[place] = None if wanted is None else bool(said[number] == wanted[number])

    def sums(self) -> Sums:
        """Over the pairs: the metrics, and how many are right of how many that have a target."""
        known = [right for right in self._right if right is not None]
        return {
            METRIC_CLEAN: np.asarray(self._clean.sum()),
            METRIC_COUNTERFACTUAL: np.asarray(self._counterfactual.sum()),
            RIGHT: np.asarray(float(sum(known))),
            ANSWERED: np.asarray(float(len(known))),
        }

    def columns(self) -> Columns:
        return {
            **text_columns(self._model, self._dataset),
            "metric_clean": self._clean,
            "metric_counterfactual": self._counterfactual,
            "answer": self._answers,
            "correct": self._right,  # `right` is a word of SQL
        }


def text_columns(model: Model, dataset: Dataset) -> Columns:
    """The first of the columns, which need no run."""

    def written(answer: str | int) -> str | None:
        if answer == "":
            return None
        return model.label(answer) if isinstance(answer, int) else answer

    pairs = dataset.pairs
    answers = dataset.answers or [("", "")] * len(pairs)
    return {
        "clean": [pair.clean.text for pair in pairs],
        "counterfactual": [None if pair.counterfactual is None else pair.counterfactual.text for pair in pairs],
        "target": [written(target) for target, _ in answers],
        "foil": [written(foil) for _, foil in answers],
        "positions": np.array([pair.clean.lengths[0] for pair in pairs], dtype=np.int32),
    }
