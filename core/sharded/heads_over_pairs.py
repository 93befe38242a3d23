"""Cards of heads over the A of many pairs, for the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.progress import Cancel
from core.saving import save_text
from core.sharded.executors import Workers
from core.sharded.file_names import HEADS
from core.sharded.heads import HeadsWork, identities_from
from core.sharded.job import PAIRS, PAIRS_OF, Sums
from core.sharded.many_pairs import ManyPairs, do_pairs
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

    def finish(sums: Sums, _about: dict[str, str]) -> str:
        from core.heads.report import identities_report

        made.append(identities_from(work, model, sums))
        save_text(folder / HEADS, json.dumps(identities_report(made[0]), ensure_ascii=False, indent=1))
        return HEADS

    sums, about = do_pairs(model, folder, pairs, work, begin, finish, workers, command, listener, cancelled)
    return made[0], f"the A of {int(sums[PAIRS]):,} pairs of {about[PAIRS_OF]}"
