"""The guided examples: their steps, and how each is known to be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.workbench.workbench import Workbench
from core.graph import Edge, Node
from core.project.document import Document


@dataclass(frozen=True)
class GuideStep:
    """words: what to do. done: whether it has been done, from the workbench and the document at the beginning."""

    words: str
    done: Callable[[Workbench, Document], bool]


@dataclass(frozen=True)
class Guide:
    """key: also how the welcome page names it. example: what it opens. also: a model that it goes on with."""

    key: str
    title: str
    words: str
    example: str
    steps: tuple[GuideStep, ...]
    end: str
    also: str = ""


def _selected(kind: type, of: str = "") -> Callable[[Workbench, Document], bool]:
    def done(workbench: Workbench, _begun: Document) -> bool:
        chosen = workbench.selection
        return len(chosen) == 1 and isinstance(chosen[0], kind) and (not of or getattr(chosen[0], "kind", "") == of)

    return done


def _edited(kind: type, edit: str = "") -> Callable[[Workbench, Document], bool]:
    def done(workbench: Workbench, _begun: Document) -> bool:
        made = [each for each in workbench.document.edits if isinstance(each.target, kind) and edit in ("", each.kind)]
        return bool(made) and workbench.ran is not None and not workbench.busy  # the new answer is on the screen

    return done


def _opened(model: str) -> Callable[[Workbench, Document], bool]:
    def done(workbench: Workbench, _begun: Document) -> bool:
        return workbench.document.model == model and workbench.ready is not None

    return done


def _undone(workbench: Workbench, _begun: Document) -> bool:
    return not workbench.document.edits


def _traced(workbench: Workbench, _begun: Document) -> bool:
    return workbench.recovered is not None


def _swapped(workbench: Workbench, begun: Document) -> bool:
    return workbench.document.clean == begun.counterfactual


def _new_prompt(workbench: Workbench, begun: Document) -> bool:
    return workbench.document.clean != begun.clean and workbench.ready is not None


GUIDES: tuple[Guide, ...] = (
    Guide(
        "guide/names",
        "Who gets the drink?",
        "Cut the wire that carries the name · language",
        "names/0",
        (
            GuideStep(
                "Click a wire. A thick one does much; blue leads towards the answer to A, orange away.", _selected(Edge)
            ),
            GuideStep(
                "Press X to cut it. The answers below change at once, and the wire shows by how much.", _edited(Edge)
            ),
            GuideStep("Press Ctrl+Z to take the cut back.", _undone),
            GuideStep("Press T to trace: how much of the answer do the strongest wires recover?", _traced),
        ),
        "You have cut a wire and traced a circuit.",
    ),
    Guide(
        "guide/shapes",
        "A circle, or a heart",
        "See where a head looks, and give it another picture's value · vision",
        "shapes/0",
        (
            GuideStep("Click a head, one of the circles. The inspector shows where it looks.", _selected(Node, "head")),
            GuideStep("Press P to patch it: the head now says what it says of picture B.", _edited(Node, "patch")),
            GuideStep("Press Ctrl+Z to take the patch back.", _undone),
            GuideStep("Press Ctrl+Shift+X to swap the pictures: what speaks for the heart?", _swapped),
        ),
        "You have patched a head and seen the other side.",
    ),
    Guide(
        "guide/captions",
        "The word on the picture",
        "A printed word misleads a model that can read: find what carries it · vision and language",
        "captions/0",
        (
            GuideStep(
                "The shape is a circle, but “star” is printed on it, and the model says star. "
                "Click a head, one of the circles: does it look at the word?",
                _selected(Node, "head"),
            ),
            GuideStep("Press T to trace what the word does: picture B is the same without it.", _traced),
            GuideStep("Click a thick blue wire, which speaks for the word, and press X to cut it.", _edited(Edge)),
            GuideStep("Press Ctrl+Z to take the cut back.", _undone),
        ),
        "You have seen a model read where it should look.",
    ),
    Guide(
        "guide/induction",
        "The sequence comes again",
        "Find the heads that look back and copy · language",
        "names/3",
        (
            GuideStep(
                "Click a head of the upper layers. Does it look at the word after the earlier “seven”?",
                _selected(Node, "head"),
            ),
            GuideStep("Press X to cut the head. Is the sequence still continued?", _edited(Node)),
            GuideStep("Press Ctrl+Z to take the cut back.", _undone),
            GuideStep("Click the words of card A and write a sequence of your own; Enter runs it.", _new_prompt),
        ),
        "You have looked for an induction head and tried a prompt of your own.",
    ),
    Guide(
        "guide/modalities",
        "Words and patches",
        "The same part in a model of words and in one of pictures: where does a head look? · both",
        "names/0",
        (
            GuideStep(
                "Click a head, one of the circles. Its attention is a triangle: a word sees those before it alone.",
                _selected(Node, "head"),
            ),
            GuideStep("Click the model’s name on top and open shapes, a model of pictures.", _opened("bundled:shapes")),
            GuideStep(
                "Click a head here. Each patch looks at all others, and so does CLS, which the answer is read from.",
                _selected(Node, "head"),
            ),
            GuideStep("Press T to trace: do as few wires carry the answer as among words?", _traced),
        ),
        "You have seen one design used in two ways. The page “Text and pictures side by side” in Help has figures.",
        also="bundled:shapes",
    ),
)
