"""Numbers as every part of the program writes them: in the window, in files and in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

MINUS = "\N{MINUS SIGN}"
BELOW = "below noise"  # of an effect that rounding alone may have made (`core.noise`)
_MOST_DIGITS = 5


def number(value: float, digits: int = 2) -> str:
    """`3.02`, `−1.12`; never `−0.00`."""
    text = f"{abs(value):.{digits}f}"
    return MINUS + text if value < 0 and float(text) != 0.0 else text


def percent(share: float, digits: int = 0) -> str:
    """A share as `87 %`, `0.5 %`, `−3 %`, `1,250 %`."""
    text = f"{abs(100 * share):,.{digits}f}"
    minus = MINUS if share < 0 and float(text.replace(",", "")) != 0.0 else ""
    return f"{minus}{text} %"


def between_words(low: float, high: float) -> str:
    """The ends of an interval of shares, in percent: `30 to 52`, `−3 to 0`."""
    return " to ".join(percent(each).removesuffix(" %") for each in (low, high))


def share_words(share: float) -> str:
    """A share of the behaviour, the same wherever it stands: `87 %`, `9.3 %`, `−3 %`."""
    return percent(share, 1 if 0 < abs(share) < 0.0995 else 0)


def is_below_noise(effect: float, floor: float) -> bool:
    """Whether rounding alone may have made a measured effect. Where nothing is rounded so far, no effect is."""
    return floor > 0 and abs(effect) < floor


def effect_words(effect: float, floor: float, digits: int = 4) -> str:
    """An effect as people read it, "+0.1234", and where rounding may have made it, that: "below noise (0.05)"."""
    if is_below_noise(effect, floor):
        return f"{BELOW} ({floor:.2g})"
    return f"{round(effect, digits) + 0.0:+.{digits}f}"


def counted(count: int, name: str) -> str:
    """A number of things: `1 edge`, `1,413 edges`."""
    return f"{count:,} {name}{'s' * (count != 1)}"


def left_words(paths: Sequence[str], why: str) -> str:
    """ "Left: c.png, d.png and 3 more. A card takes one."; empty for no paths."""
    names = [PurePath(path).name or path for path in paths]
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return f"Left: {', '.join(names[:2])}{more}. {why}" if names else ""


def best_edges(count: int) -> str:
    """What a circuit keeps: `the best edge`, `the best 1,413 edges`."""
    return "the best edge" if count == 1 else f"the best {counted(count, 'edge')}"


def signed(value: float, digits: int = 2) -> str:
    """`+0.07`, `−0.34`, and `0.00` without a sign for what rounds to nothing."""
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0.0:
        return text
    return (MINUS if value < 0 else "+") + text


def digits_to_see(change: float, fewest: int = 2) -> int:
    """Digits after the point with which a change does not round to nothing; `fewest` where that would take too many."""
    digits = fewest
    while digits <= _MOST_DIGITS and abs(change) < 0.5 * 10**-digits:
        digits += 1
    return digits if digits <= _MOST_DIGITS else fewest


def digits_of(value: float) -> int:
    """Digits after the point for a number of the metric or a change of it, the same wherever it stands: three below
    1, and more where it takes them to see it at all."""
    return digits_to_see(value, 2 if abs(value) >= 0.9995 or value == 0 else 3)


def change_words(change: float) -> str:
    """A change of the metric: `−1.47`, `+0.310`, `−0.045`."""
    return signed(change, digits_of(change))


def score_words(score: float, signed: bool = True) -> str:
    """A score, with its sign where that says anything: `−1.47`, `0.989`."""
    return change_words(score) if signed else number(score, digits_of(score))


def figure_words(score: float, how: str, signed: bool = True) -> str:
    """A score in words: what is estimated or measured as the change that the edit makes, so that both can be compared;
    what is no effect as the score that it is. how: one of "estimated", "measured", "scored", "drawn"."""
    if how in ("estimated", "measured"):
        return f"change {change_words(-score)} {how}"
    return f"score {score_words(score, signed)}" + ("" if how == "scored" else f" {how}")


def metric_digits(before: float, after: float) -> int:
    """Digits for the metric and its change in one line, so that they add up."""
    return digits_of(after - before) if after != before else digits_of(after)


def pretty_name(name: str) -> str:
    """An edge's or port's name as the window writes it: `a18.h4 → a24.h7 ⟨q⟩`."""
    name = name.replace(" -> ", "->").replace("->", " → ")
    for port in "qkv":
        name = name.replace(f" <{port}>", f"<{port}>").replace(f"<{port}>", f" ⟨{port}⟩")
    return name


def visible_token(text: str) -> str:
    """A token as a chip shows it: the leading space hidden, every other white space visible."""
    shown = text[1:] if text.startswith(" ") and len(text) > 1 else text
    return shown.replace(" ", "·").replace("\n", "⏎").replace("\t", "⇥").replace("\r", "␍") or "∅"


def answer_words(label: str) -> str:
    """An answer or a class name in a list: the leading space hidden, spaces between words kept."""
    if not label.strip():
        return visible_token(label)
    return label.removeprefix(" ").replace("\n", "⏎").replace("\t", "⇥").replace("\r", "␍")


def mark_space(answer: str) -> str:
    """An answer with its leading space, which counts, made visible: `·Mary`."""
    return "·" + answer[1:] if answer.startswith(" ") else answer


def unmark_space(shown: str) -> str:
    """The answer that `mark_space` shows."""
    return " " + shown[1:] if shown.startswith("·") else shown


def pairs_words(pairs: int) -> str:
    """ "1 pair", "24 pairs"."""
    return f"{pairs:,} pair{'s' * (pairs != 1)}"


AGREE = 0.05  # share of the measured effect
LARGE = 0.5  # a gap of so much of the measured effect is flagged


def gap_is_large(estimated: float | None, measured: float | None) -> bool:
    """Whether the estimate would mislead: the wrong sign, or off by half the effect or more."""
    if estimated is None or measured is None or max(abs(estimated), abs(measured)) < 5e-4:
        return False
    return abs(estimated - measured) > LARGE * abs(measured)


def gap_words(estimated: float | None, measured: float | None) -> str:
    """How far the estimate is from the measurement."""
    if estimated is None or measured is None:
        return ""
    if abs(measured) < 5e-4:
        near = abs(estimated) < 5e-4
        return "Both say: no effect." if near else "The measured effect is nil: the estimate misleads here."
    if estimated * measured < 0:
        return "The estimate has the wrong sign here: trust the measurement."
    share = abs(estimated) / abs(measured) - 1
    if abs(share) <= AGREE:
        return "The estimate and the measurement agree."
    if share > 1:
        return f"The estimate is {share + 1:.1f} times the measured effect."
    return f"The estimate is {abs(share) * 100:.0f} % too {'small' if share < 0 else 'large'}."
