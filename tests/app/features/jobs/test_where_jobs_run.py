"""Jobs run on this machine, also while the window's work is done elsewhere; their dialogs say so."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from app.features.jobs.presenter.where import check_model_here, where_words
from app.workbench.remote_worker import RemoteWorker
from app.worker.remote_side import make_service
from core.errors import InputError, ModelError
from core.sent.data_files import names_missing_folder
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person
from tests.app.workbench.remote_stand_ins import TestLink


def test_a_dialog_says_what_is_opened_here_and_refuses_what_is_not_here(
    reader: Person, models, pairs: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "study"
    shutil.copytree(models.gpt2, folder)
    reader.open(folder, CLEAN, COUNTERFACTUAL)
    reader.choose("Edit", "Trace Many Pairs")
    dialog = reader.controller("jobs").dialogs["trace"].dialog
    assert dialog.where.text() == "Jobs run on this machine."
    reader.workbench.homes.move(RemoteWorker(TestLink(make_service())))
    reader.rest()
    words = r"Jobs run on this machine: study \([\d.]+ [KM]B of files\) is opened here, not on node-7\."
    reader.wait(lambda: re.fullmatch(words, dialog.where.text()))

    folder.rename(tmp_path / "moved")  # what there is open may be another machine's alone
    dialog.set_file(str(pairs))
    reader.click(dialog.add)
    assert dialog.problem.text() == (
        "study is not on this machine, where jobs run. Put its folder at the same path here, or in a terminal on "
        "node-7: wirescope trace --cluster ADDRESS."
    )
    assert reader.controller("jobs").queue.jobs == ()
    dialog.reject()
    reader.choose("Edit", "Study Modalities")
    study = reader.controller("jobs").dialogs["modalities"].dialog
    assert study.where.text() == "Jobs run on this machine: its models are opened here, not on node-7."
    study.reject()
    (tmp_path / "moved").rename(folder)
    reader.workbench.homes.come_back()
    reader.rest()


@pytest.mark.parametrize("name", ["/nowhere/model", "~/nowhere", "vision:/nowhere/model", "C:\\models\\one", "a/b/c"])
def test_a_folder_that_is_not_here_is_told_from_a_name(name: str) -> None:
    assert names_missing_folder(name)
    with pytest.raises(InputError, match=r"is not on this machine.+in a terminal on node-7: "):
        check_model_here(name, "node-7")


def test_names_of_the_hub_and_models_that_come_along_are_no_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("gpt2", "EleutherAI/pythia-70m", "bundled:names", "timm:vit_tiny", str(tmp_path)):
        assert not names_missing_folder(name)
        check_model_here(name, "node-7")
    monkeypatch.setenv("WIRESCOPE_DATA", str(tmp_path))
    with pytest.raises(ModelError, match="wirescope models get smollm2"):
        check_model_here("pack:smollm2", "node-7")
    assert where_words("pack:smollm2", "node-7", 500_000_000).endswith(" MB of files) is opened here, not on node-7.")
