"""The classes of a zero-shot model: texts that the user writes, and templates that they are put into. They are part of
the model's name, so that whatever opens a model by its name again has the same classes:

    openai/clip-vit-base-patch32?class=red circle&class=blue square&template=a picture of a {}

Imports no torch, so that menus can ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

from core.errors import ArgumentError

MARK = "?class="
BOTH = "towers:"  # before the name of a model that both towers are wanted of
MARKS = (MARK, "?probe=")  # of what a name has behind it: class texts, or a probe (`core.models.probe`)
PLACE = "{}"  # where a template has the class
LONGEST = 1000  # classes
MOST_CHARACTERS = 100_000  # of them and of templates, as a name has them: files hold names of a limited length
USUAL_TEMPLATES = ("a photo of a {}",)  # of a model whose config.json names none
_PLAIN = " {}()'!,.-_"  # written as they are, with letters and digits


@dataclass(frozen=True)
class ClassTexts:
    """classes: at least two, each another one. templates: with {} where the class goes; a class's text is the mean over
    them. None given: the model's own, else the usual ones. Raises ArgumentError."""

    classes: tuple[str, ...]
    templates: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.classes) < 2:
            raise ArgumentError(
                "A picture is told apart by at least two class texts.",
                'Write several, as in "red circle, blue square".',
            )
        if len(self.classes) > LONGEST:
            raise ArgumentError(f"There are {len(self.classes)} class texts; {LONGEST} is the most.", "Write fewer.")
        if any(not text.strip() for text in (*self.classes, *self.templates)):
            raise ArgumentError("A class text is empty.", "Leave it out.")
        broken = next((text for text in (*self.classes, *self.templates) if not _is_text(text)), None)
        if broken is not None:
            raise ArgumentError(f"The class text {broken!r} has half a character in it.", "Write it again.")
        if len(with_texts("", self)) > MOST_CHARACTERS:
            raise ArgumentError(
                f"The class texts and sentences have more than {MOST_CHARACTERS:,} characters together.",
                "Write fewer, or shorter ones.",
            )
        plain = [name.strip().lower() for name in self.classes]
        twice = next((name for at, name in enumerate(plain) if name in plain[:at]), None)
        if twice is not None:
            raise ArgumentError(f"The class text {twice!r} is there twice.", "Leave one out.")
        wrong = next((template for template in self.templates if template.count(PLACE) != 1), None)
        if wrong is not None:
            raise ArgumentError(
                f"The template {wrong!r} does not have {PLACE} once.",
                f"Put {PLACE} where the class goes, as in: a picture of a {PLACE}",
            )

    def sentences(self, name: str) -> list[str]:
        """What the text tower reads of a class."""
        return [template.replace(PLACE, name) for template in self.templates]


def class_texts(classes: Sequence[str] | str, templates: Sequence[str] | str | None = None) -> ClassTexts:
    """As a user gives them; one text with commas is several classes. Raises ArgumentError."""
    names = classes.split(",") if isinstance(classes, str) else list(classes)
    wrong = next((name for name in (*names, *(templates or ())) if not isinstance(name, str)), None)
    if wrong is not None:
        raise ArgumentError(f"A class text is text, not {type(wrong).__name__}.", "Write it as text.")
    cleaned = tuple(" ".join(name.split()) for name in names if name.strip())
    if not templates:
        return ClassTexts(cleaned)
    given = [templates] if isinstance(templates, str) else templates
    return ClassTexts(cleaned, tuple(" ".join(template.split()) for template in given))


def with_texts(name: str, texts: ClassTexts | None) -> str:
    """A model's name with these classes in the place of those that it has; None takes them out."""
    base = base_name(name)
    if texts is None:
        return base
    fields = [("class", text) for text in texts.classes] + [("template", text) for text in texts.templates]
    return f"{base}?" + "&".join(f"{field}={_written(text)}" for field, text in fields)


def base_name(name: str) -> str:
    """A model's name without its classes."""
    for mark in MARKS:
        name = name.partition(mark)[0]
    return name


def texts_in(name: str) -> ClassTexts | None:
    """The classes in a model's name; None where there are none. Raises ArgumentError for what is none of ours."""
    _, mark, rest = name.partition(MARK)
    if not mark:
        return None
    texts: dict[str, list[str]] = {"class": [], "template": []}
    for part in f"class={rest}".split("&"):
        field, _, text = part.partition("=")
        if field not in texts:
            raise ArgumentError(f"A model's name has classes and templates behind its ?, not {field!r}.")
        texts[field].append(unquote(text))
    return class_texts(texts["class"], texts["template"] or None)


def _is_text(text: str) -> bool:
    """Whether UTF-8 can hold it: not half of a surrogate pair."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def _written(text: str) -> str:
    return "".join(sign if sign.isalnum() or sign in _PLAIN else quote(sign, safe="") for sign in text)
