"""*File > Connect to…*: a cluster is looked at, a node chosen, the work moved there and back. Without a cluster."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from app.features.remote import controller
from app.messages.links import LinkCut
from app.messages.places import LOCAL, Place
from app.messages.wire.parts import digest_of
from app.presenters.homes import place_words, room_words
from app.workbench import models_to_send
from app.workbench.remote_worker import RemoteWorker
from app.worker import remote_side
from app.worker.remote_side import file_system, make_service, versions
from core.graph import Node
from core.project.document import Document, Source
from tests.app.models import CLEAN
from tests.app.person import Person
from tests.app.workbench.remote_stand_ins import TestLink

GIB = 1 << 30
LARGE = Place("n1", "node-7", 64, 512 * GIB, 500 * GIB, 2, 160 * GIB, 150 * GIB, "NVIDIA A100", 79 * GIB, lent=2)
SMALL = Place("n2", "node-2", 8, 16 * GIB, 1 << 20)
NEEDS = (("the weights", 3 * GIB), ("open a session", GIB), ("one edge cut", GIB // 2))


class NamedLink(TestLink):
    """As a cluster gives it."""

    __test__ = False
    versions: dict[str, str] = {}  # noqa: RUF012

    def hello(self) -> dict[str, str]:
        return {**versions(), "files": file_system(), **self.versions}


class Clusters:
    """In the place of Ray."""

    def __init__(self) -> None:
        self.joined: list[str] = []
        self.left = 0
        self.link: NamedLink | None = None
        self.trouble: Exception | None = None
        self.no_places: Exception | None = None
        self.differs: dict[str, str] = {}
        self.devices: list[str] = []
        self.planned: list[tuple[object, ...]] = []
        self.unheard = ""
        self.may_start = threading.Event()
        self.may_start.set()

    def __call__(self, address: str) -> Clusters:
        if self.trouble is not None:
            raise self.trouble
        self.joined.append(address)
        return self

    def places(self) -> tuple[Place, ...]:
        if self.no_places is not None:
            raise self.no_places
        return LARGE, SMALL

    def plan(self, *told: object) -> tuple[tuple[str, int], ...]:
        self.planned.append(told)
        return NEEDS

    def start(self, place: Place, device: str) -> NamedLink:
        self.devices.append(device)
        assert self.may_start.wait(30)
        self.link = NamedLink(make_service())
        self.link.place, self.link.versions = place.machine, self.differs
        return self.link

    def leave(self) -> None:
        self.left += 1


@pytest.fixture
def clusters(monkeypatch: pytest.MonkeyPatch) -> Clusters:
    clusters = Clusters()
    monkeypatch.setattr("app.worker.ray_home.Cluster", clusters)
    monkeypatch.setattr(controller, "is_installed", lambda _name: True)
    return clusters


def dialog_of(person: Person, clusters: Clusters, address: str = "") -> Any:
    """The dialog, where a cluster was looked at."""
    person.window.commands["connect"].trigger()
    dialog = person.controller("remote").dialog
    if address:
        dialog.elsewhere.setChecked(True)
        dialog.address.setText(address)
    person.click(dialog.look)
    person.wait(lambda: dialog.look.isEnabled())
    return dialog


def cells(dialog: Any) -> list[list[str]]:
    rows, columns = dialog.table.rowCount(), dialog.table.columnCount()
    return [[dialog.table.item(row, column).text() for column in range(columns)] for row in range(rows)]


def test_a_node_is_chosen_by_what_is_free_and_the_work_goes_there_and_back(reader: Person, clusters: Clusters) -> None:
    ran = reader.workbench.ran
    dialog = dialog_of(reader, clusters)
    assert clusters.joined == [LOCAL]
    assert cells(dialog) == [
        ["node-7", "64", "500 GB of 512 GB", "2 × NVIDIA A100, 150 GB of 160 GB"],
        ["node-2", "8", "1 MB of 16 GB", "none"],
    ]
    reader.wait(lambda: "79 GB are free on one GPU there: it fits." in dialog.needs.text())
    needs = "needs 3 GB for its weights, and beside them the largest of: open a session 1 GB, one edge cut 512 MB ("
    assert needs in dialog.needs.text()
    assert "(for 64 tokens: a longer input takes more). That is 4 GB in all." in dialog.needs.text()
    choices = dialog.compute, dialog.processors, dialog.gpu, dialog.all_gpus
    assert [each.isVisible() for each in choices] == [True] * 4
    assert dialog.gpu.isChecked()
    assert dialog.all_gpus.text() == "All 2 GP&Us"
    reader.click(dialog.all_gpus)
    assert "150 GB are free on its 2 GPUs: it fits." in dialog.needs.text()
    assert dialog.device() == "auto"
    reader.click(dialog.processors)
    assert "500 GB of its memory are free there: it fits." in dialog.needs.text()
    assert dialog.local.isChecked()  # the two choices are two
    dialog.table.selectRow(1)
    reader.wait(lambda: "1 MB of its memory are free there: it will not fit" in dialog.needs.text())
    assert [each.isVisible() for each in choices] == [False] * 4
    assert dialog.device() == "cpu"
    dialog.table.selectRow(0)
    assert dialog.device() == "cuda"
    reader.click(dialog.processors)

    reader.click(dialog.connect_button)
    reader.wait(lambda: reader.workbench.homes.place == "node-7")
    reader.rest()
    assert not dialog.isVisible()
    assert clusters.devices == ["cpu"]
    reader.wait(lambda: "away" in reader.panel("status").device.text())
    assert reader.panel("status").device.text().startswith("on node-7, ")
    assert reader.panel("status").memory.text().startswith("cache "), "the window's own memory is not the worker's"
    assert (reader.workbench.ran.before, reader.workbench.ran.rows) == (ran.before, ran.rows)
    assert not reader.window.commands["connect"].isEnabled()
    assert reader.window.commands["connect"].toolTip() == "Disconnect first"
    (worker,) = reader.workbench.homes.findChildren(RemoteWorker)
    worker._wire.kept.put(digest_of(b"large"), b"large")

    reader.window.commands["disconnect"].trigger()
    reader.rest()
    reader.wait(lambda: clusters.left == 1)
    assert reader.workbench.homes.place == ""
    assert "away" not in reader.panel("status").device.text()
    assert reader.panel("status").memory.text().startswith("memory ")
    reader.wait(lambda: not reader.workbench.homes.findChildren(RemoteWorker))  # with what it keeps, up to 512 MB
    assert (worker._wire.kept._data, len(worker._wire._encoded._encoded)) == ({}, 0)
    assert clusters.link.side is not None
    assert not clusters.link.side._loop._thread.is_alive()


def test_a_machine_that_has_gone_is_said_with_what_can_be_done_and_the_edits_stay(
    reader: Person, clusters: Clusters
) -> None:
    dialog = dialog_of(reader, clusters)
    reader.click(dialog.connect_button)
    reader.wait(lambda: reader.workbench.homes.place == "node-7")
    reader.rest()
    ran = reader.workbench.ran
    clusters.link.gone = True
    clusters.link.die()
    reader.wait(lambda: reader.dialogs())
    said = reader.dismiss()
    assert said.startswith(
        "node-7, where the work was done, has left the cluster. Where it comes back, the work goes on"
    )
    assert "File > Disconnect" in said
    assert reader.panel("status").device.text().startswith("node-7 has left the cluster: it is waited for")
    assert reader.panel("status").message.text() == ""
    reader.workbench.select((Node("head", 1, 0),))
    reader.window.commands["cut"].trigger()
    (edit,) = reader.workbench.document.edits
    reader.window.commands["disconnect"].trigger()
    reader.rest()
    assert reader.workbench.ran.edits == (edit,)
    assert reader.workbench.ran.before == pytest.approx(ran.before)
    assert "left the cluster" not in reader.panel("status").device.text()


def test_weights_are_in_8_bits_there_and_stay_so_here(reader: Person, clusters: Clusters, models) -> None:
    dialog = dialog_of(reader, clusters)
    reader.wait(lambda: len(clusters.planned) == 1)
    assert clusters.planned[0][-1] is False
    reader.click(dialog.eight_bits)
    reader.wait(lambda: len(clusters.planned) == 2)
    assert clusters.planned[1][-1] is True
    reader.click(dialog.connect_button)
    reader.wait(lambda: reader.workbench.homes.place == "node-7")
    reader.rest()
    assert " · 8 bits " in reader.panel("status").parity.text()
    reader.window.commands["disconnect"].trigger()
    reader.rest()
    assert " · 8 bits " in reader.panel("status").parity.text()
    assert dialog_of(reader, clusters).in_eight_bits()
    reader.controller("remote").dialog.reject()
    reader.window.commands["undo"].trigger()  # Connect's step
    reader.rest()
    assert " · 8 bits " not in reader.panel("status").parity.text()

    # another model is opened while the worker starts: nobody asked for its 8 bits
    dialog = dialog_of(reader, clusters)
    reader.click(dialog.eight_bits)
    reader.click(dialog.connect_button)
    reader.workbench.models.open(Document(str(models.llama)))
    reader.wait(lambda: reader.workbench.homes.place == "node-7")
    assert reader.workbench.document.precision == "fp32"
    reader.window.commands["disconnect"].trigger()
    reader.open("bundled:names", None)
    assert not dialog_of(reader, clusters).eight_bits.isEnabled()


def test_a_model_in_a_folder_is_asked_about_and_sent(
    reader: Person, clusters: Clusters, models, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WIRESCOPE_DATA", str(tmp_path))
    monkeypatch.setattr(remote_side, "has_files", lambda _folder, _sizes: False)
    monkeypatch.setattr(models_to_send, "UNASKED", 1000)
    reader.open(str(models.gpt2), CLEAN)
    here = reader.workbench.ran
    reader.open("bundled:names", CLEAN)
    clusters.differs = {"files": "those of another machine"}
    dialog = dialog_of(reader, clusters)
    reader.click(dialog.connect_button)
    reader.wait(lambda: reader.workbench.homes.place == "node-7")
    reader.rest()

    def open_and_answer(words: str) -> str:
        reader.workbench.models.open(Document(str(models.gpt2), Source("text", CLEAN)))
        reader.wait(lambda: reader.dialogs())
        (box,) = reader.dialogs()
        text = box.text()
        button = next(each for each in box.buttons() if each.text().replace("&", "") == words)
        reader.click(button)
        reader.rest()
        return text

    text = open_and_answer("Cancel")
    assert text.startswith("node-7 does not have this model's folder. To open it there, 0.1")
    assert text.endswith(" MB of files are sent.")
    assert reader.workbench.document.model == "bundled:names"  # back to what was there
    assert clusters.link.model_parts == []
    open_and_answer("Send the Model's Files")
    assert reader.workbench.opened.title == models.gpt2.name
    assert reader.workbench.opened.name == str(models.gpt2)
    assert (reader.workbench.ran.before, reader.workbench.ran.rows) == (here.before, here.rows)
    sent = len(clusters.link.model_parts)
    assert sent > 0
    reader.window.commands["disconnect"].trigger()
    reader.rest()
    assert (reader.workbench.ran.before, reader.workbench.ran.rows) == (here.before, here.rows)
    assert len(clusters.link.model_parts) == sent


def test_weights_that_stay_on_disk_for_want_of_memory_here_are_not_asked_for_there(
    reader: Person, clusters: Clusters
) -> None:
    """A worker with a GPU would refuse them."""
    reader.workbench.open_with_weights("disk")
    reader.rest()
    dialog = dialog_of(reader, clusters)
    reader.click(dialog.connect_button)
    reader.wait(lambda: reader.workbench.homes.place == "node-7")
    reader.rest()
    assert reader.workbench.weights_place == "auto"


def test_where_it_does_not_fit_all_is_said_that_may_help() -> None:
    assert room_words(3 * GIB, SMALL) == (
        "1 MB of its memory are free there: it will not fit. Choose another node. Weights in 8 bits take less; so does "
        "bf16, which is chosen in Preferences. Weights can stay on disk: you are asked as it opens."
    )
    assert room_words(1 << 20, SMALL) == "1 MB of its memory are free there: it fits."
    assert room_words(100 * GIB, LARGE) == "500 GB of its memory are free there: it fits."
    assert room_words(100 * GIB, LARGE, device="cuda") == (
        "79 GB are free on one GPU there: it will not fit. Compute on all GPUs or the processors, or choose another "
        "node. Weights in 8 bits take less; so does bf16, which is chosen in Preferences."
    )
    assert "Compute on the processors, " in room_words(100 * GIB, replace(LARGE, lent=1), device="cuda")
    assert room_words(79 * GIB, LARGE, device="cuda") == "79 GB are free on one GPU there: it fits."
    assert room_words(150 * GIB, LARGE, device="auto") == "150 GB are free on its 2 GPUs: it fits."
    assert room_words(650 * GIB, LARGE, device="auto") == (
        "150 GB are free on its 2 GPUs and 500 GB in its memory: layers that the GPUs have no room for are left to the "
        "processors, which are slower."
    )
    assert "in its memory: it will not fit. Choose another node." in room_words(651 * GIB, LARGE, device="auto")


def test_places_with_a_gpu_to_be_had_come_first() -> None:
    kept = replace(LARGE, lent=0)  # Ray there knows of no GPU, or gives none
    full = replace(LARGE, gpu_most_free=0)
    one = replace(LARGE, lent=1)
    assert [place.gpus_to_be_had for place in (LARGE, one, kept, full, SMALL)] == [2, 1, 0, 0, 0]
    small_with_gpu = replace(SMALL, gpus=1, gpu_most_free=GIB, lent=1)
    ranked = sorted((SMALL, kept, small_with_gpu, LARGE), key=lambda place: place.rank, reverse=True)
    assert ranked == [LARGE, small_with_gpu, kept, SMALL]
    assert place_words(kept)[3] == "2 × NVIDIA A100, 150 GB of 160 GB; not lent by the cluster"


def test_another_version_is_refused_and_another_python_only_told(reader: Person, clusters: Clusters) -> None:
    clusters.differs = {"wirescope": "99", "protocol": "7"}
    dialog = dialog_of(reader, clusters)
    reader.click(dialog.connect_button)
    words = f"The versions do not fit: protocol is 7 there and {versions()['protocol']} here"
    reader.wait(lambda: dialog.problem.text().startswith(words))
    assert reader.workbench.homes.place == ""
    assert clusters.devices == ["cuda"]  # chosen by itself
    clusters.differs = {"python": "3.99"}
    reader.click(dialog.connect_button)
    reader.wait(lambda: reader.workbench.homes.place == "node-7")
    assert "python 3.99 there" in reader.panel("status").message.text()
    reader.rest()


def test_a_cluster_that_does_not_answer_is_said_in_the_dialog(reader: Person, clusters: Clusters) -> None:
    clusters.trouble = LinkCut("No cluster answers at ray://localhost:1.", "Open a way to it.")
    dialog = dialog_of(reader, clusters, "ray://localhost:1")
    assert dialog.problem.text() == "No cluster answers at ray://localhost:1. Open a way to it."
    assert cells(dialog) == []
    assert not dialog.connect_button.isEnabled()
    assert QApplication.activeModalWidget() is None


def test_a_cluster_whose_nodes_do_not_answer_is_left_before_the_next_address(
    reader: Person, clusters: Clusters
) -> None:
    clusters.no_places = LinkCut("No node answers.")
    dialog = dialog_of(reader, clusters, "ray://localhost:1")
    assert dialog.problem.text() == "No node answers."
    assert (clusters.joined, clusters.left) == (["ray://localhost:1"], 1)  # else Ray would take the next for it
    clusters.no_places, clusters.unheard = None, "Left out, as they do not answer: node-9 (no such module)."
    dialog.address.setText("ray://localhost:2")
    reader.click(dialog.look)
    reader.wait(lambda: len(cells(dialog)) == 2)
    assert dialog.problem.text() == clusters.unheard


def test_closing_the_dialog_gives_up_a_worker_that_is_being_started(reader: Person, clusters: Clusters) -> None:
    dialog = dialog_of(reader, clusters)
    clusters.may_start.clear()
    reader.click(dialog.connect_button)
    assert dialog.doing.text() == controller.CONNECTING
    reader.click(dialog.close_button)
    reader.window.commands["connect"].trigger()
    assert dialog.doing.text() == controller.CONNECTING  # it still is
    assert not dialog.look.isEnabled()
    reader.click(dialog.close_button)
    clusters.may_start.set()
    reader.wait(lambda: clusters.link is not None and not clusters.link.side._loop._thread.is_alive())
    reader.rest()
    assert reader.workbench.homes.place == ""
    assert reader.dialogs() == []
    dialog = dialog_of(reader, clusters)
    reader.click(dialog.connect_button)
    reader.wait(lambda: reader.workbench.homes.place == "node-7")
    reader.rest()


def test_without_an_address_nothing_is_started(reader: Person, clusters: Clusters) -> None:
    reader.window.commands["connect"].trigger()
    dialog = reader.controller("remote").dialog
    reader.click(dialog.elsewhere)
    reader.click(dialog.look)
    assert dialog.look.isEnabled()
    assert dialog.problem.text() == "Give an address, for example ray://localhost:10001."
    dialog.set_busy("Looking")
    assert (dialog.doing.text(), dialog.problem.isVisible()) == ("Looking", False)  # in no colour of a warning
    reader.click(dialog.local)
    dialog.say("")
    reader.click(dialog.look)
    reader.wait(lambda: clusters.joined)
    assert clusters.joined == [LOCAL]
    assert not dialog.problem.isVisible()


def test_without_ray_the_entry_says_what_to_install(reader: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controller, "is_installed", lambda _name: False)
    reader.window.commands.refresh()
    action = reader.window.commands["connect"]
    assert not action.isEnabled()
    assert action.toolTip() == "Ray is not installed: pip install 'wirescope[cluster]'"


def test_a_link_that_is_cut_is_told_with_what_to_look_at_until_it_is_there(reader: Person, clusters: Clusters) -> None:
    dialog = dialog_of(reader, clusters)
    reader.click(dialog.connect_button)
    reader.wait(lambda: reader.workbench.homes.place == "node-7")
    reader.rest()
    clusters.link.cut = True
    reader.wait(lambda: "Is the terminal with the SSH tunnel still open?" in reader.message())
    assert reader.message().startswith("No word from node-7.")
    clusters.link.cut = False
    reader.wait(lambda: reader.message() == "")
    assert "away" in reader.panel("status").device.text()
    reader.window.commands["disconnect"].trigger()
    reader.rest()


@pytest.mark.usefixtures("clusters")
def test_what_an_address_needs_is_said_where_one_is_given(reader: Person) -> None:
    reader.window.commands["connect"].trigger()
    dialog = reader.controller("remote").dialog
    words = dialog.way, dialog.trust
    assert [each.isVisible() for each in words] == [False, False], "a cluster of this machine asks for nothing"
    reader.click(dialog.elsewhere)
    assert [each.isVisible() for each in words] == [True, True]
    assert "ray get-auth-token" in dialog.way.text()
    assert "only to a cluster that you trust" in dialog.trust.text()
    dialog.reject()
