"""The kinds of replacement, in words: what the window, the command line and the captions say of each, and what it asks
for. A further kind is a row here, and a file in `core/replacements/`, which says what it puts in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from core.formatting import percent

EditKind = Literal[
    "patch", "zero", "mean", "scale", "resample", "noise", "steer", "project", "optimal", "knockout", "force"
]


@dataclass(frozen=True)
class Amount:
    """How strong an edit of a kind can be. least, most, step: of the number in the edit; shown times `shown`."""

    words: str
    least: float
    most: float
    step: float
    first: float
    shown: float = 1.0
    prefix: str = ""
    suffix: str = ""
    ticks: str = ""  # what the ends of the slider mean


STRENGTH = Amount("strength", 0.0, 1.0, 0.05, 1.0, 100.0, suffix=" %", ticks="0 % leaves it, 100 % is the whole edit")


@dataclass(frozen=True)
class Kind:
    """words: in a caption. verb: in the history, before what is edited. done: of what is edited. carries: what removed
    edges carry, in a sentence; empty where circuits are not run with it. puts: the same of one. choice: to
    choose it, in the history. takes: its value (a direction is a vector of which the length is of no matter, with
    more after it), and usual: where none is given (None: one must be). adds: it adds to what is there instead of
    replacing it. from_b: it is B's, so that nothing changes before the first position at which A and B differ. inputs:
    it is taken from other inputs than the pair, where there are some. others: there must be some. learned: it is
    learned before the first run with it. against: of what removed edges carry, the kind that a result is compared with.
    weights: it can be of entries of attention, and weights_tip says what it does to one. hides: of these it takes
    effect before the softmax. routes: it can be of an expert of a mixture, whose router then weighs its experts
    otherwise.

    In the window: button, and tip, of which `{inputs}` are those that it is taken from; row: of the buttons. sign: of
    an edit that changes a value instead of replacing it. amount: of the slider. without_b: what is missing where there
    is no B."""

    words: str
    verb: str
    done: str
    carries: str = ""
    puts: str = ""
    choice: str = ""
    takes: Literal["nothing", "number", "vector", "direction"] = "nothing"
    usual: float | None = None
    seeded: bool = False
    adds: bool = False
    from_b: bool = False
    inputs: bool = False
    others: bool = False
    learned: bool = False
    against: EditKind = "patch"
    weights: bool = False
    weights_tip: str = ""
    hides: bool = False
    routes: bool = False
    button: str = ""
    tip: str = ""
    row: int = 0
    sign: str = ""
    amount: Amount = STRENGTH
    without_b: str = ""

    @property
    def turns_value(self) -> bool:
        """Whether more or less of it is another value, and not another strength."""
        return self.takes == "number" and self.usual is None

    @property
    def repeats(self) -> bool:
        """Whether its strength is how often it is added, any number, and not a share of it."""
        return self.takes == "vector"

    @property
    def of_units(self) -> bool:
        """Whether units of an MLP take it: it is not of the stream."""
        return not (self.along or self.learned or self.of_parts)

    @property
    def of_parts(self) -> bool:
        """Whether it is of entries of attention or of experts alone, and of no node, reader or edge."""
        return self.hides or self.routes

    @property
    def along(self) -> bool:
        """Whether its value is a vector of the stream, which the window makes of A minus B."""
        return self.takes in ("vector", "direction")

    def amount_words(self, amount: float) -> str:
        """How much of it an edit is, after what is edited; empty for the whole of a replacement."""
        if self.repeats:
            return f" by {amount:g}"
        if self.turns_value:
            return f" to {amount:g}"
        return f" to {percent(amount)}" if amount != 1 else ""


KINDS: dict[EditKind, Kind] = {
    "patch": Kind(
        "from B",
        "Patch",
        "replaced from B",
        carries="their value in B",
        puts="its value in B",
        choice="Replace from B",
        from_b=True,
        against="mean",
        weights=True,
        weights_tip="Replace this weight of attention by the head’s weight in B: its others stay",
        button="From B",
        tip="Replace it by its value in the counterfactual B",
        row=1,
        without_b="There is no counterfactual: fill card B first",
    ),
    "zero": Kind(
        "zero",
        "Cut",
        "replaced by zero",
        carries="zero",
        puts="zero",
        choice="Replace with zero",
        weights=True,
        weights_tip="Set this weight of attention to zero: what it carried is lost, the head’s others stay",
        button="Zero",
        tip="Replace it by zero",
    ),
    "mean": Kind(
        "mean",
        "Cut",
        "replaced by its mean",
        carries="their mean",
        puts="its mean",
        choice="Replace with the mean",
        inputs=True,
        button="Mean",
        tip="Replace it by its mean over {inputs}",
    ),
    "scale": Kind(
        "scale",
        "Scale",
        "scaled",
        takes="number",
        weights=True,
        weights_tip="Multiply this weight of attention by a factor: the head’s others stay",
        button="Scale",
        tip="Multiply it by a factor",
        row=2,
        sign="×",
        amount=Amount("scale", 0.0, 2.0, 0.05, 0.5, prefix="× ", ticks="× 1 leaves it as it is"),
    ),
    "resample": Kind(
        "another input's",
        "Resample",
        "replaced by another input's",
        seeded=True,
        inputs=True,
        others=True,
        button="Resample",
        tip="Replace it by its value in another input of the dataset",
        row=1,
    ),
    "noise": Kind(
        "noise",
        "Noise on",
        "with noise added",
        takes="number",
        usual=1.0,
        seeded=True,
        adds=True,
        button="Noise",
        tip="Add noise as large as what is there",
        row=1,
        sign="~",
    ),
    "steer": Kind(
        "steer",
        "Steer",
        "steered along A minus B",
        takes="vector",
        adds=True,
        button="Steer",
        tip="Add a multiple of what it writes in A minus what it writes in B",
        row=2,
        sign="+",
        amount=Amount("times A − B", -4.0, 4.0, 0.1, 1.0, prefix="× ", ticks="× 0 leaves it as it is"),
        without_b="It steers along A minus B: fill card B first",
    ),
    "project": Kind(
        "a direction taken out",
        "Take a direction out of",
        "without its part along a direction",
        takes="direction",
        adds=True,
        button="Direction",
        tip="Take the direction of A minus B out of what it writes: all else of it stays",
        row=2,
        without_b="It takes out the direction of A minus B: fill card B first",
    ),
    "optimal": Kind(
        "optimal",
        "Cut",
        "replaced by its optimal constant",
        carries="their optimal constant",
        puts="its optimal constant, which is learned first",
        choice="Replace with the optimal constant",
        inputs=True,
        learned=True,
        button="Optimal",
        tip="Replace it by a constant that does the least damage, which is learned first",
    ),
    "knockout": Kind(
        "knocked out",
        "Knock out",
        "knocked out, the others making up for it",
        weights=True,
        weights_tip="Hide the position from the head: its other weights there grow, so that they sum to 1 again",
        hides=True,
        routes=True,
        button="Knock Out",
        tip="Take the expert out: the weights of the others that the router chose grow to the same sum",
        row=3,
    ),
    "force": Kind(
        "forced",
        "Force",
        "routed to, the least of the chosen giving way",
        routes=True,
        button="Force",
        tip="Let the router choose this expert everywhere: where it did not, the least of those chosen gives way",
        row=3,
    ),
}
ABLATIONS: tuple[EditKind, ...] = tuple(kind for kind, row in KINDS.items() if row.carries)  # what removed edges carry
EDIT_KINDS: tuple[EditKind, ...] = tuple(kind for kind, row in KINDS.items() if not row.of_parts and not row.learned)
WEIGHT_KINDS: tuple[EditKind, ...] = tuple(
    kind for kind, row in KINDS.items() if row.weights
)  # of entries of attention
EDIT_WORDS: dict[EditKind, str] = {kind: row.words for kind, row in KINDS.items()}
SEEDED: tuple[EditKind, ...] = tuple(kind for kind, row in KINDS.items() if row.seeded)

assert tuple(KINDS) == get_args(EditKind)
