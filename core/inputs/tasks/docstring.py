"""Argument order: a docstring lists a function's arguments in the order in which the function takes them. B's function
has others in their places (Heimersheim and Janiak 2023, "A circuit for Python docstrings in a 4-layer attention-only
transformer").
"""

from __future__ import annotations

import re
from random import Random

from core.inputs.generators import lexicon
from core.inputs.tasks.prompts import another
from core.inputs.tasks.task import Row, Task
from core.inputs.token_texts import TokenText

ARGUMENTS = tuple(word for word in lexicon.COMMON if len(word) > 2 and word != "own")
FUNCTIONS = ("port", "open", "load", "find", "build", "send", "read", "make")
# {d} stands for the arguments of the definition, {0} to {2} for those that the list names before the answer.
TEMPLATES = (
    'def {f}(self, {d}):\n    """{w} {x}\n\n    :param {0}: {y} {z}\n    :param {1}: {w} {y}\n    :param',
    'def {f}({d}):\n    """{w} {x}\n\n    @param {0} {y} {z}\n    @param {1} {w} {y}\n    @param',
    "{f} takes {d}. First give the {0}, then the {1}, then the",
)
_FUNCTION = re.compile(r"def \w+\((?P<arguments>[^)]*)\):.*(?::|@)param", re.DOTALL)
SHOWN = 2  # arguments that the list has named


def sample(rng: Random) -> Row:
    """The target is the next argument, the foil the one that stands in its place in B."""
    words = rng.sample(ARGUMENTS, 2 * SHOWN + 4 + 4)
    named, changed, rest = words[: SHOWN + 2], words[SHOWN + 2 : 2 * SHOWN + 4], words[2 * SHOWN + 4 :]
    template, function = rng.choice(TEMPLATES), rng.choice(FUNCTIONS)
    if not template.startswith("def"):
        function = "It"

    def text(arguments: list[str]) -> str:
        filler = dict(zip("wxyz", rest, strict=True))
        return template.format(*named, d=", ".join(arguments), f=function, **filler)

    return Row(text(named), text(changed), f" {named[SHOWN]}", f" {changed[SHOWN]}")


def match(source: TokenText, rng: Random) -> Row | None:
    """A function and the beginning of its docstring, up to the next argument's name."""
    function = _FUNCTION.match(source.text)
    if function is None:
        return None
    named = re.findall(r"\w+", function["arguments"])
    shown = re.findall(r"(?::|@)param (\w+)", source.text)
    start = named.index(shown[0]) if shown and shown[0] in named else 0
    if not 0 < len(shown) < len(named) - start or named[start : start + len(shown)] != shown:
        return None
    free = [word for word in ARGUMENTS if word not in source.text]
    rng.shuffle(free)
    text, changed = source, dict[str, str]()
    for name in named[start:]:
        span = re.search(rf"\b{name}\b", text.text)
        assert span is not None
        made = another(text, span.span(), free, rng)
        if made is None:
            return None
        text = TokenText(source.tokenizer, source.encode, made[0])
        changed[name] = made[1]
        free.remove(made[1])
    target = named[start + len(shown)]
    return Row(source.text, text.text, f" {target}", f" {changed[target]}")


TASK = Task(
    "docstring",
    "Argument order",
    "A docstring names the arguments in their order (Heimersheim and Janiak 2023)",
    lambda model: (sample,),
    match=match,
)
