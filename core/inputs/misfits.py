"""Whether a pair can be used with a model, and if not why: what tasks and files of pairs are checked by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import InputError, UnreadableFileError
from core.inputs.model_inputs import ModelInputs


@dataclass(frozen=True)
class Misfit:
    """kind: in few words, to count by. why: a sentence, with the tokens where they say it. hint: what to do."""

    kind: str
    why: str
    hint: str = ""


def misfit(
    model: ModelInputs, clean: Any, counterfactual: Any = None, target: str | int = "", foil: str | int = ""
) -> Misfit | None:
    """Why a pair and its answers ("" for none) cannot be used; None where they can. Raises UnreadableFileError: of a
    file that cannot be read nobody knows whether it fits."""
    kind = "an input that cannot be read"
    try:
        a = model.side(clean)
        if counterfactual not in (None, ""):
            b = model.side(counterfactual)
            kind = "A and B are not aligned"
            model.check_aligned(a, b)
            if bool((a.tensor == b.tensor).all()):
                return Misfit("A and B are the same", "A and B are the same input.", "Change one of them.")
        kind = "an answer that is not one token" if model.is_text else "an answer that is no class"
        answers = [model.checked_answer(answer) for answer in (target, foil) if answer != ""]
    except UnreadableFileError:
        raise
    except InputError as error:
        return Misfit(kind, error.message, error.hint)
    if len(answers) == 2 and answers[0] == answers[1]:
        return Misfit("the same answer twice", "Target and foil are the same answer.", "Choose another foil.")
    return None


def misfit_words(misfits: Sequence[Misfit]) -> str:
    """ "3 did not fit this model (2: A and B are not aligned; 1: ...), for example: A has 14 tokens and B has 15 ...";
    empty for none."""
    if not misfits:
        return ""
    kinds = Counter(each.kind for each in misfits).most_common()
    counted = "; ".join(f"{count:,}: {kind}" for kind, count in kinds)
    return f"{len(misfits):,} did not fit this model ({counted}), for example: {misfits[0].why}"
