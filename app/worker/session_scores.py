"""The scores of edges that were made of one pair of inputs, with their rankings: so many megabytes of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from core.edits import EditKind
from core.project.document import PairSource
from core.project.trace_choice import TraceChoice
from core.tracing.ranking import Ranking
from core.tracing.scores import Scores
from core.tracing.selection import USUAL

MOST_BYTES = 256e6  # of all of them: six of a model with a million edges, hundreds of a small one
BYTES_OF_EDGE = 40  # the score, and the places in two orders, of scores and ranking
LEAST = 6  # that are kept in any case: those of one document are among them


@dataclass(frozen=True)
class ScoresKey:
    """What scores depend on. rows: of the dataset; none: the pair on the cards. share: of the work that is done. rule:
    by which circuits are chosen from them."""

    metric: str
    kind: EditKind
    choice: TraceChoice
    rows: tuple[PairSource, ...] = ()
    share: float = 1.0
    rule: str = USUAL


@lru_cache(maxsize=256)
def name_of(key: ScoresKey) -> str:
    """Tells scores from others: the same for the same key, in every process."""
    return sha256(repr(key).encode("utf-8", "surrogatepass")).hexdigest()


class SessionScores(MutableMapping[ScoresKey, Scores]):
    """Scores by what they depend on: whole ones, and of a trace that was given up the last part. Those that were not
    used for longest go first; of these, those that are quickly made again.

    rankings: of the same. partial: by the key of the whole, that of the part. at_spans: where scores are the union of
    edges at spans, of these."""

    def __init__(self) -> None:
        self._scores: OrderedDict[ScoresKey, Scores] = OrderedDict()
        self.rankings: dict[ScoresKey, Ranking] = {}
        self.partial: dict[ScoresKey, ScoresKey] = {}
        self.at_spans: dict[ScoresKey, Scores] = {}

    def __getitem__(self, key: ScoresKey) -> Scores:
        scores = self._scores[key]
        self._scores.move_to_end(key)
        return scores

    def __setitem__(self, key: ScoresKey, scores: Scores) -> None:
        self._scores[key] = scores
        self._scores.move_to_end(key)
        while len(self) > LEAST and self.megabytes > MOST_BYTES / 1e6:
            old = list(self._scores)[:-LEAST]
            del self[next((key for key in old if not key.choice.takes_long), old[0])]

    def __delitem__(self, key: ScoresKey) -> None:
        del self._scores[key]
        self.rankings.pop(key, None)
        self.at_spans.pop(key, None)
        for whole in [whole for whole, part in self.partial.items() if part == key]:
            del self.partial[whole]

    def __contains__(self, key: object) -> bool:
        return key in self._scores

    def __iter__(self) -> Iterator[ScoresKey]:
        return iter(tuple(self._scores))

    def __len__(self) -> int:
        return len(self._scores)

    @property
    def megabytes(self) -> float:
        """About so much is kept."""
        at_spans = sum(scores.values.nbytes for scores in self.at_spans.values())
        return (sum(scores.values.size for scores in self._scores.values()) * BYTES_OF_EDGE + at_spans) / 1e6
