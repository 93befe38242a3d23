"""How well what is typed into the palette fits a command. A command is found by its title, by other words that people
have for it, by its place in the menus, and last by what is said about it."""

from __future__ import annotations

from dataclasses import dataclass

GOOD_START, NEXT_TO = 8.0, 5.0  # what a letter gains at the start of a word, and right after the one before
WHOLE = 6.0  # what all of the query gains where it stands as it was typed
LONGEST_LOOSE = 40  # letters of a title in which scattered letters still mean something

# Other words for a command, by its key, or by its title where the menu that holds it is filled as it is shown.
OTHER_WORDS: dict[str, tuple[str, ...]] = {
    "prompt_a": ("prompt", "type", "input", "sentence", "text"),
    "prompt_b": ("prompt", "counterfactual"),
    "keep": ("keep", "circuit size", "threshold", "smaller", "larger", "prune", "number", "share", "percent"),
    "cut_tool": ("edit", "ablate", "ablation", "remove", "knock out", "delete", "intervene", "disable"),
    "patch_tool": ("edit", "activation patching", "replace", "swap in", "intervene"),
    "cut": ("edit", "ablate", "ablation", "remove", "knock out", "delete", "intervene", "disable"),
    "patch": ("edit", "activation patching", "replace", "intervene"),
    "knock_out": ("edit", "attention knockout", "hide", "block", "mask", "arrow", "ablate", "intervene"),
    "restore": ("edit", "uncut", "bring back"),
    "reset": ("edits", "start over", "restore all"),
    "open_folder": ("open", "load", "checkpoint", "safetensors", "directory", "import model", "new"),
    "open_named": ("hub", "hugging face", "huggingface", "download", "timm", "load by name"),
    "open_input_a": ("prompt file", "image", "picture", "photo"),
    "open_scores": ("import", "load scores", "load circuit", "eap-ig file"),
    "compare_circuit": ("diff", "difference", "overlap", "jaccard", "side by side"),
    "new_project": ("start over", "clear", "blank", "fresh"),
    "open_project": ("wire", "resume", "continue"),
    "save_project": ("store", "keep", "wire"),
    "save_project_as": ("copy", "duplicate", "rename", "wire"),
    "export_figure": (
        *("save", "export", "write", "publish", "print", "paper", "slide", "svg", "pdf", "png", "tikz", "latex"),
        *("vector", "screenshot", "bitmap", "image file", "figure as svg", "figure as pdf", "figure as png"),
    ),
    "copy_figure": ("clipboard", "paste", "image", "picture", "svg", "png"),
    "export_circuit": ("save", "export", "write", "graphviz", "latex", "gephi", "cytoscape"),
    "serve_programs": ("door", "json-rpc", "mcp", "agent", "editor", "api", "token", "programs"),
    "copy_python": ("code", "script", "notebook", "api", "reproduce", "copy as python"),
    "copy_torch": ("code", "script", "hooks", "pytorch", "torch", "standalone"),
    "export_notebook": ("save", "export", "jupyter", "ipynb", "colab"),
    "export_html": ("save", "export", "write", "page", "web", "browser", "share", "report"),
    "export_json": ("save", "export", "write", "json"),
    "dataset_open": ("csv", "tsv", "jsonl", "read rows", "load dataset", "pairs"),
    "dataset_append": ("add rows", "more rows"),
    "dataset_add": ("add row", "new row"),
    "dataset_save": ("save", "export rows"),
    "quit": ("exit", "close", "leave", "end"),
    "undo": ("back", "revert", "ctrl z", "previous step"),
    "redo": ("again", "forward", "next step"),
    "trace": ("score", "scores", "discover", "run", "attribute", "attribution", "circuit discovery", "start"),
    "trace_many": ("queue", "job", "jobs", "long run", "batch", "shards", "background", "dataset", "overnight"),
    "evaluate_many": ("queue", "job", "jobs", "long run", "held out", "other pairs", "overnight"),
    "heads_many": ("queue", "job", "jobs", "long run", "cards of heads", "induction", "corpus", "overnight"),
    "study": (
        "queue",
        "job",
        "icl",
        "few-shot",
        "ablate sets",
        "long run",
        "induction",
        "function vector",
        "overnight",
    ),
    "modalities": ("queue", "job", "vision", "text and pictures", "compare models", "long run", "overnight"),
    "show_jobs": ("queue", "long runs", "progress", "background"),
    "measure": ("exact", "effects", "verify"),
    "evaluate": ("faithfulness", "reliable", "validate", "evaluation", "p-value", "significance", "test"),
    "swap": ("exchange", "flip", "switch inputs", "reverse"),
    "make_names": ("counterfactual", "corrupt", "corruption", "make b", "other name"),
    "make_blur": ("counterfactual", "corrupt", "corruption"),
    "make_word": ("typographic attack", "text", "sticker", "label"),
    "make_inpaint": ("remove object", "erase", "fill"),
    "name_region": ("patches", "area", "label"),
    "pick_mask": ("segmentation", "region", "select"),
    "reference_picture": ("cosine", "likeness", "similarity", "embedding"),
    "reference_part": ("cosine", "likeness", "similarity", "region"),
    "find": ("search", "look for", "go to", "node", "head"),
    "preferences": ("settings", "options", "configure", "font", "text size", "memory", "scale", "defaults"),
    "pin": ("watch", "track", "answer"),
    "level": ("tokens", "patches", "positions", "per token"),
    "open_mlp": ("experts", "open MLP", "unfold MLP"),
    "strongest_neurons": ("experts", "rank neurons", "trace neurons", "top neurons"),
    "zoom_in": ("bigger", "enlarge", "magnify"),
    "zoom_out": ("smaller view", "shrink"),
    "frame_all": ("fit", "whole graph", "overview", "centre", "center", "reset view", "home"),
    "reset_layout": ("panels", "windows", "docks", "arrange"),
    "welcome": ("tutorial", "start page", "home page", "getting started", "examples", "guided"),
    "guide": ("help", "manual", "documentation", "docs", "how to", "readme"),
    "measured": ("benchmark", "benchmarks", "accuracy of methods"),
    "keys": ("shortcuts", "keyboard", "hotkeys", "gestures", "help"),
    "log": ("error", "errors", "problems", "bug", "what happened"),
    "plugins": ("extensions", "add-ons", "packages", "entry points"),
    "about": ("version", "licence", "license"),
    "show_history": ("steps", "timeline"),
    "show_trust": ("report",),
    "show_predictions": ("answers", "output", "logits", "probabilities"),
    "show_table": ("list of edges", "spreadsheet", "accessible"),
    "show_runs": ("experiments", "results", "log of traces", "compare", "sweep"),
    "patch_map": ("segmentation", "segment", "heat map", "heatmap", "saliency", "logit lens", "iou", "mask", "object"),
    "tint_inputs": ("saliency", "integrated gradients", "importance", "attribution per token", "highlight tokens"),
    "lens_map": ("tuned lens", "intermediate", "layers", "iterative inference", "early exit", "unembed", "heat map"),
    "heads": ("induction", "previous token", "copying", "name mover", "identity", "what heads do", "scatter", "labels"),
    "head_sets": (
        "study",
        "ablate heads",
        "in-context learning",
        "few-shot",
        "induction",
        "function vector",
        "controls",
    ),
    "flip": ("minimal patch", "flip", "change the answer", "smallest set", "counterfactual", "causal", "why"),
    "repair": ("backdoor", "trojan", "trigger", "fault", "fix", "backdoored", "bias", "shortcut", "unlearn"),
    "open_checkpoints": ("training", "steps", "revisions", "movie", "phase change", "slider", "scrub"),
    "open_hub_checkpoints": ("training", "steps", "revisions", "hugging face", "pythia", "branches", "tags"),
    "earlier_checkpoint": ("training step", "before", "scrub"),
    "later_checkpoint": ("training step", "next", "scrub"),
    "follow_checkpoints": ("training", "curves", "phase change", "induction forms", "movie"),
    "watch": ("monitor", "detect", "anomaly", "unusual", "alarm", "outlier", "out of distribution", "guard"),
    "probe": ("linear probe", "classifier", "labels", "categories", "dinov2", "headless", "train", "nearest mean"),
    "both_towers": ("text tower", "clip", "siglip", "side by side", "similarity"),
    "class_texts": ("zero-shot", "labels", "categories", "prompts", "clip", "siglip"),
    "show_inspector": ("attention", "details", "properties"),
    "show_changes": ("highlight", "downstream"),
    "full_screen": ("fullscreen", "maximise", "maximize"),
    "group": ("cluster", "supernode", "merge"),
    "Dark": ("theme", "night", "black", "dark mode"),
    "Light": ("theme", "day", "white", "light mode"),
    "Reduced: At Once": ("animation", "animations"),
    "zero": ("zero ablation",),
    "mean": ("mean ablation", "average"),
    "from B": ("resample ablation", "interchange"),
}

# How well it fits, best first; one place apart is more than all letters can gain.
TITLE, OTHER, BEGINS, WORDS, FIRST_LETTERS, OTHER_BEGINS, PLACE, WITHIN, BEGINNINGS, ABOUT, LOOSE = range(11)


@dataclass(frozen=True)
class Command:
    """What a command is found by. about: what is said of it beyond its title."""

    title: str
    place: str = ""
    other: tuple[str, ...] = ()
    about: str = ""


def match(query: str, words: str) -> float | None:
    """How well the letters of a query, in their order, fit into words; None where they do not. The best of all ways to
    place them: at starts of words and next to each other they count more, and short words before long ones."""
    letters, text = [c for c in query.casefold() if not c.isspace()], words.casefold()
    if not letters:
        return 0.0
    scores: dict[int, float] = {-1: 0.0}  # where the letter before lies -> the best score so far
    for letter in letters:
        ranks: dict[int, float] = {}
        for place, sign in enumerate(text):
            if sign != letter:
                continue
            start = GOOD_START if place == 0 or not text[place - 1].isalnum() else 0.0
            before = [
                score + (NEXT_TO if place == last + 1 and last >= 0 else 0.0)
                for last, score in scores.items()
                if last < place
            ]
            if before:
                ranks[place] = max(before) + start + 1.0
        scores = ranks
    whole = WHOLE if query.casefold().strip() in text else 0.0
    return max(scores.values()) + whole - 0.02 * len(text) if scores else None


def fit(query: str, command: Command) -> tuple[int, float] | None:
    """How well a query fits: which of the ways above, and of those alike the closer one first; None: not at all."""
    asked = " ".join(query.casefold().split())
    title, words = command.title.casefold(), asked.split()
    close = -(match(asked, title) or 0.0)
    way = _way(asked, words, title, command)
    if way is not None:
        return way, close
    starts = any(word.startswith(asked[:1]) for word in _split(title))
    return (LOOSE, close) if starts and close and len(title) <= LONGEST_LOOSE else None


def _way(asked: str, words: list[str], title: str, command: Command) -> int | None:
    ways = (
        (TITLE, asked == title),
        (OTHER, asked in command.other),
        (BEGINS, title.startswith(asked)),
        (WORDS, _begin(words, _split(title))),
        (FIRST_LETTERS, len(asked) > 1 and "".join(word[0] for word in _split(title)).startswith(asked)),
        (OTHER_BEGINS, len(asked) > 2 and any(_begin(words, _split(other)) for other in command.other)),
        (PLACE, _begin_any(words, _split(f"{command.place.casefold()} {title}"))),
        (WITHIN, len(asked) > 2 and asked in title),
        (BEGINNINGS, len(title) <= LONGEST_LOOSE and _beginnings(asked.replace(" ", ""), title)),
        (ABOUT, len(asked) > 2 and _begin(words, _split(command.about.casefold()))),
    )
    return next((way for way, fits in ways if fits), None)


def _split(words: str) -> list[str]:
    return "".join(sign if sign.isalnum() or sign in "-*" else " " for sign in words).split()


def _begin(asked: list[str], words: list[str]) -> bool:
    """Whether each of the words asked begins one of others, in their order."""
    rest = iter(words)
    return bool(asked) and all(any(word.startswith(each) for word in rest) for each in asked)


def _begin_any(asked: list[str], words: list[str]) -> bool:
    """The same in any order."""
    return bool(asked) and all(any(word.startswith(each) for word in words) for each in asked)


def _beginnings(letters: str, title: str) -> bool:
    """Whether letters are the beginnings of words, one after the other: "zi" or "cutsel"."""
    words = _split(title)

    def fits(at: int, word: int) -> bool:
        if at == len(letters):
            return True
        for place in range(word, len(words)):
            taken = 0
            while (
                at + taken < len(letters) and taken < len(words[place]) and letters[at + taken] == words[place][taken]
            ):
                taken += 1
                if fits(at + taken, place + 1):
                    return True
        return False

    return fits(0, 0)
