"""A study of modalities, as a job: which models it can be of, what the command is told, and its line in the table of
runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.features.jobs.presenter.request import precision_options
from app.features.jobs.presenter.study_record import Told, record_of_study
from app.messages.replies import ModelReply
from app.services.job_queue.shown import Shown
from core.errors import ArgumentError
from core.formatting import counted, share_words
from core.models import packs
from core.models.bundled import bundled_models
from core.precision_words import WholePlace
from core.project.document import Document
from core.project.examples import examples_for
from core.project.runs import CORPUS, FIGURES, RunRecord
from core.tracing.method import METHODS
from views.panels.jobs.data import ModalitiesAsked, ModelChoice

DIALOG = "Study modalities"
ABOUT = (
    "Asks models that read text and models that see the same questions: how far heads look, where information meets, "
    "how few edges do, how often estimates are wrong. The answers stand side by side in a table and a figure. The "
    "study goes into the queue of the dock Jobs: it runs in the background and can be paused. When it is done, it is "
    "in the table of runs, and Result opens its page."
)
EDGES = "edges that recover 80 %"  # the measure whose key is "edges"; to ask the study for its title takes torch
NUMBERS = ("pairs", "inputs", "edges", "seed")
NAMES, SHAPES = "bundled:names", "bundled:shapes"
SEEN = {"text": False, "image": True}  # by what a model's first example is, whether it sees


def model_choices(sees: bool) -> tuple[ModelChoice, ...]:
    """The bundled models and the installed packs that read text, or those that see; with what may do either."""
    names = [(name, f"bundled:{name}") for name in bundled_models()]
    names += [(pack.title, f"pack:{pack.name}") for pack in packs.PACKS.values() if packs.is_installed(pack.name)]
    return tuple(ModelChoice(title, name) for title, name in names if _sees(name) in (sees, None))


def _sees(name: str) -> bool | None:
    """None where that is not known before the model is opened."""
    examples = examples_for(name)
    clean = examples[0].document.clean if examples else None
    return None if clean is None else SEEN[clean.kind]


def usual_models(opened: ModelReply, document: Document) -> ModalitiesAsked:
    """The model that is open, beside a bundled one of the other kind."""
    of_text, that_sees = (document.model, SHAPES) if opened.is_text else (NAMES, document.model)
    return ModalitiesAsked((of_text,), (that_sees,))


def check_modalities(opened: ModelReply, document: Document, asked: ModalitiesAsked) -> ModalitiesAsked:
    """With folders by their full paths. Raises ArgumentError for what cannot be studied, as far as that is known before
    the models are opened."""
    asked = replace(asked, text=_placed(asked.text), image=_placed(asked.image))
    kinds = ("reads text", False, asked.text), ("sees", True, asked.image)
    for words, sees, names in kinds:
        if not names:
            raise ArgumentError(f"No model is named that {words}.", "Name at least one of each kind.")
        for name in names:
            if (not opened.is_text if name == document.model else _sees(name)) is (not sees):
                raise ArgumentError(f"{name} is no model that {words}.", "Name it as one of the other kind.")
    return asked


def _placed(names: tuple[str, ...]) -> tuple[str, ...]:
    """The command may be begun in another folder than the window was."""
    folders = ((name, Path(name).expanduser()) for name in names)
    return tuple(str(folder.resolve()) if folder.is_dir() else name for name, folder in folders)


def modalities_command(asked: ModalitiesAsked, document: Document, folder: str, weights: WholePlace) -> tuple[str, ...]:
    """All models are opened in the precision of the window. weights: their place, as `load_model` takes it."""
    return (
        *("study", "modalities"),
        *(part for name in asked.text for part in ("--text", name)),
        *(part for name in asked.image for part in ("--image", name)),
        *precision_options(document, weights),
        *(part for name in NUMBERS for part in (f"--{name}", str(getattr(asked, name)))),
        *("--folder", folder),
        *(("--workers", str(asked.workers)) if asked.workers > 1 else ()),
    )


def modalities_work(asked: ModalitiesAsked) -> dict[str, Any]:
    """What the folder of the study will say of it, as far as that is known."""
    names = {"text": list(asked.text), "image": list(asked.image)}
    return {"what": "study modalities", **names, **{name: getattr(asked, name) for name in NUMBERS}}


def modalities_title(asked: ModalitiesAsked) -> str:
    """ "Study of modalities: names and shapes, 12 pairs, 24 inputs"."""
    numbers = f"{counted(asked.pairs, 'pair')}, {counted(asked.inputs, 'input')}"
    return f"Study of modalities: {' and '.join(_short(name) for name in (*asked.text, *asked.image))}, {numbers}"


def _short(name: str) -> str:
    return Path(name.rpartition(":")[2]).name


def modalities_record(done: Shown, _present: Document) -> RunRecord:
    """Of a study that is done, with how few edges do in words. Raises InputError where its files cannot be read."""
    return record_of_study(done, _told, NUMBERS)


def _told(said: Any, _work: Mapping[str, Any]) -> Told:
    models = [(_short(each["model"]), float(each["measures"]["edges"]["value"])) for each in said["models"]]
    if not models:
        raise ValueError("it names no models")
    about = {
        CORPUS: f"{counted(len(models), 'model')}: {', '.join(name for name, _ in models)}",
        FIGURES: f"{EDGES}: {', '.join(f'{name} {share_words(share)}' for name, share in models)}",
    }
    return None, f"Modalities, edges by {METHODS[said['method']].title}", about
