"""The dialogs of jobs are as high as what stands in them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QWidget

from views.panels.jobs.modalities_dialog import ModalitiesDialog
from views.panels.jobs.pairs_dialog import ManyPairsDialog
from views.panels.jobs.queue_dialog import QueueDialog
from views.panels.jobs.study_dialog import StudyDialog
from views.theme import SPACE

ABOUT = "What a run does, in as many words as that takes: " * 6
DIALOGS = {
    "modalities": lambda: ModalitiesDialog("Title", ABOUT),
    "pairs": lambda: ManyPairsDialog("Title", ABOUT, "clean"),
    "study": lambda: StudyDialog("Title", ABOUT),
}


@pytest.mark.parametrize("name", DIALOGS)
def test_nothing_is_empty_between_the_fields_and_the_buttons(show: Callable[..., QWidget], name: str) -> None:
    dialog = show(DIALOGS[name](), 520, 900)
    assert isinstance(dialog, QueueDialog)
    dialog.set_places("/runs", 4, "")
    layout = dialog.layout()
    layout.activate()
    between = dialog.add.geometry().top() - dialog.choose_folder.geometry().bottom()
    assert 0 < between <= 5 * SPACE
    assert dialog.height() == layout.heightForWidth(dialog.width())
