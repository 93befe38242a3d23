"""Cards of heads over the A of many pairs, for the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.formatting import pairs_words
from core.heads.heads_file import HeadsAbout, heads_text
from core.precision_words import PRECISION, USUAL_PRECISION, WEIGHTS
from core.progress import Cancel
from core.saving import save_text
from core.sharded.executors import Workers
from core.sharded.file_names import HEADS
from core.sharded.heads import HeadsWork, identities_from
from core.sharded.job import PAIRS, PAIRS_OF, Sums
from core.sharded.many_pairs import ManyPairs, do_pairs
from core.sharded.preview import ref_of
from core.sharded.progress import RunProgress

if TYPE_CHECKING:
    from core.heads.identity import HeadIdentities
    from core.models.model import Model
    from core.session import Session


def heads_over_pairs(
    model: Model,
    folder: Path,
    pairs: ManyPairs,
    work: HeadsWork,
    workers: Workers,
    command: Sequence[str] = (),
    listener: Callable[[RunProgress], None] | None = None,
    cancelled: Cancel = lambda: False,
) -> tuple[HeadIdentities, str]:
    """What the heads are, which is written into the folder too, and what the corpus was, in words. Raises what
    `do_pairs` raises, and InputError for a model that does not tell the next token."""
    made: list[HeadIdentities] = []

    def begin(_session: Session) -> str:
        from core.heads.generated import check_text_model

        check_text_model(model)
        return "Heads"

    def finish(sums: Sums, about: dict[str, str]) -> str:
        made.append(identities_from(work, model, sums))
        save_text(folder / HEADS, heads_text(made[0], _about(model, sums, about)))
        return HEADS

    sums, about = do_pairs(model, folder, pairs, work, begin, finish, workers, command, listener, cancelled)
    return made[0], _corpus_words(sums, about)


def _corpus_words(sums: Sums, about: dict[str, str]) -> str:
    return f"the A of {pairs_words(int(sums[PAIRS]))} of {about[PAIRS_OF]}"


def _about(model: Model, sums: Sums, about: dict[str, str]) -> HeadsAbout:
    return HeadsAbout(
        model.name,
        ref_of(model).weights,
        int(sums[PAIRS]),
        _corpus_words(sums, about),
        about.get(PRECISION, USUAL_PRECISION),
        about.get(WEIGHTS, ""),
    )
