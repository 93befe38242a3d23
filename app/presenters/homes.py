"""Where the work is done, in words."""

from __future__ import annotations

from collections.abc import Mapping

from app.messages.places import Place
from app.presenters.plan_words import size_words, time_words

WARNED = ("torch", "python")  # where these differ, figures may differ in their last digits
LESS = "Weights in 8 bits take less; so does bf16, which is chosen in Preferences."
MUST_AGREE = ("protocol", "wirescope")


def home_words(place: str, latency: float | None) -> str:
    """ "on node-7, 12 ms away"."""
    return f"on {place}" if latency is None else f"on {place}, {time_words(latency)} away"


def on_place(place: str) -> str:
    """ " on node-7", after what is written there; nothing for this process."""
    return f" on {place}" if place else ""


def at_place(place: str, words: str) -> str:
    """What was done, or could not be, with where."""
    return f"On {place}: {words}" if place else words


def place_words(place: Place) -> tuple[str, str, str, str]:
    """A row of the table of nodes: its name, processors, free memory, GPUs."""
    memory = f"{size_words(place.free)} of {size_words(place.memory)}"
    if not place.gpus:
        return place.machine, f"{place.processors:,}", memory, "none"
    gpus = f"{place.gpus} × {place.gpu_names}, {size_words(place.gpu_free)} of {size_words(place.gpu_memory)}"
    return place.machine, f"{place.processors:,}", memory, gpus if place.lent else f"{gpus}; not lent by the cluster"


def takes_eight_bits(model: str) -> bool:
    """Whether the weights of a model may be rounded to 8 bits, by its name (empty: none is open). Some of those
    that may are refused in words where they are opened."""
    return bool(model) and not model.startswith(("bundled:", "timm:", "towers:"))


def refusal(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    """Why a worker of such versions cannot be used; empty where it can."""
    differ = [name for name in MUST_AGREE if here.get(name) != there.get(name)]
    if not differ:
        return ""
    told = ", ".join(f"{name} is {there.get(name, 'unknown')} there and {here.get(name)} here" for name in differ)
    return f"The versions do not fit: {told}. Install the same Wirescope on both sides."


def warning(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    """What may make figures differ; empty where nothing does."""
    differ = [name for name in WARNED if here.get(name) != there.get(name)]
    told = ", ".join(f"{name} {there.get(name, 'unknown')} there and {here.get(name)} here" for name in differ)
    return f"Figures may differ in their last digits: {told}." if differ else ""


def room_words(needed: int, place: Place, device: str = "cpu") -> str:
    """Whether what a model needs, in bytes, fits into a place. device: of it, "cpu", "cuda" for one GPU, or "auto" for
    all GPUs and, for what does not fit on them, the processors."""
    if device == "auto":
        return _over_all(needed, place)
    if device == "cuda":
        fits = f"{size_words(place.gpu_most_free)} are free on one GPU there"
        if needed <= place.gpu_most_free:
            return f"{fits}: it fits."
        others = "all GPUs or the processors" if place.gpus_to_be_had > 1 else "the processors"
        return f"{fits}: it will not fit. Compute on {others}, or choose another node. {LESS}"
    fits = f"{size_words(place.free)} of its memory are free there"
    if needed <= place.free:
        return f"{fits}: it fits."
    return f"{fits}: it will not fit. Choose another node. {LESS} Weights can stay on disk: you are asked as it opens."


def _over_all(needed: int, place: Place) -> str:
    fits = f"{size_words(place.gpu_free)} are free on its {place.gpus_to_be_had} GPUs"
    if needed <= place.gpu_free:
        return f"{fits}: it fits."
    fits = f"{fits} and {size_words(place.free)} in its memory"
    if needed <= place.gpu_free + place.free:
        return f"{fits}: layers that the GPUs have no room for are left to the processors, which are slower."
    return f"{fits}: it will not fit. Choose another node. {LESS}"
