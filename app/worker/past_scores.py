"""Scores that were made of other inputs and other models, kept so that a step of the history that somebody goes back to
has them again: a trace over a dataset takes minutes, and is not made anew without being asked for. Runs in the engine's
thread; imports torch.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path

from app.worker.session_cache import SessionCache
from app.worker.session_scores import ScoresKey
from core.models.class_texts import base_name
from core.project.document import Document
from core.tracing.scores import Scores
from core.tracing.selection import USUAL

MOST_BYTES = 64e6  # of all scores together; those that were used last stay


@dataclass(frozen=True)
class Origin:
    """What scores are of, beside their key: the model as its files were, its precision, what means are over, the pair
    on the cards."""

    model: str
    precision: str
    files: tuple[tuple[str, int, int], ...]
    population: tuple[object, ...]
    pair: tuple[object, ...]

    def of(self, key: ScoresKey) -> Origin:
        """Of a trace over a dataset, whatever the pair on the cards is."""
        return replace(self, pair=()) if key.rows else self


def origin(document: Document) -> Origin:
    """What the scores of a document are of."""
    folder = Path(base_name(document.model).rpartition(":")[2]).expanduser()
    paths = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    files = tuple((file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in paths)
    pair = document.clean, document.counterfactual
    return Origin(document.model, document.precision, files, document.means, pair)


class PastScores:
    """Of all models that were opened. Scores are arrays of the edges; no model is kept with them."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Origin, ScoresKey], tuple[Scores, float]] = OrderedDict()

    def keep(self, made_of: Origin, cache: SessionCache) -> None:
        """Remember what was scored in a cache that is about to go. What stands in files is read again."""
        wholes = {part: asked for asked, part in cache.partial.items()}
        for key, scores in cache.scores.items():
            asked = wholes.get(key, key)
            if not asked.choice.file and key.rule == USUAL:
                place = made_of.of(asked), asked
                self._kept[place] = cache.scores.at_spans.get(key, scores), key.share
                self._kept.move_to_end(place)
        while sum(scores.values.nbytes for scores, _ in self._kept.values()) > MOST_BYTES:
            self._kept.popitem(last=False)

    def bring(self, made_of: Origin, cache: SessionCache) -> None:
        """Give a new cache what is known of its inputs already."""
        graph = cache.session.graph
        for (of, asked), (scores, share) in list(self._kept.items()):
            if of == made_of.of(asked) and scores.graph == graph:
                cache.take_scores(asked, replace(scores, graph=graph), share)
                self._kept.move_to_end((of, asked))
