"""What a second window finds of the first one's state."""

from __future__ import annotations

from collections.abc import Callable

from app.services.settings import RECENT, Settings
from tests.app.models import CLEAN
from tests.app.person import Person
from views import motion

Sit = Callable[[], Person]


def test_recent_models_and_the_theme_are_remembered(sit_down: Sit, models) -> None:
    first = sit_down()
    for folder in (models.gpt2, models.llama, models.gpt2):
        first.open(folder, CLEAN)
    first.choose("View/Theme", "Light")
    first.window.close()

    second = sit_down()
    assert second.window.settings.recent_models() == [str(models.gpt2), str(models.llama)]
    assert second.window.settings.theme() == "light"
    second.window.commands["welcome"].trigger()
    assert list(second.panel("welcome").recent_buttons) == [str(models.gpt2), str(models.llama)]
    second.click(second.panel("welcome").recent_buttons[str(models.llama)])
    second.rest()
    assert second.window.windowTitle() == "llama[*] - Wirescope"


def test_few_recent_models_are_kept_newest_first(qapp) -> None:
    settings = Settings()
    assert settings.recent_models() == []
    settings.add_recent_model("only")
    assert Settings().recent_models() == ["only"]  # a list of one comes back as a list
    for number in range(RECENT + 3):
        settings.add_recent_model(f"model {number}")
    settings.add_recent_model("model 7")
    names = Settings().recent_models()
    assert len(names) == RECENT
    assert names[:3] == ["model 7", f"model {RECENT + 2}", f"model {RECENT + 1}"]
    settings.clear_recent_models()
    assert Settings().recent_models() == []


def test_settings_that_are_no_settings_are_ignored(qapp, sit_down: Sit) -> None:
    from PySide6.QtCore import QSettings

    store = QSettings("Wirescope", "Wirescope")
    for key, value in {"theme": "purple", "layout/window": "x", "layout/docks": 7, "recent": "one"}.items():
        store.setValue(key, value)
    store.sync()
    window = sit_down().window
    assert window.settings.theme() == "system"
    assert window.settings.recent_models() == ["one"]
    assert window.centre.width() > 400


def test_the_choice_of_motion_is_remembered_and_applies_at_once(sit_down: Sit) -> None:
    first = sit_down()
    try:
        first.choose("View/Motion", "Smooth")
        assert not motion.reduced()
        first.choose("View/Motion", "Reduced")
        assert motion.reduced()
        assert Settings().motion() == "reduced"
    finally:
        motion.set_choice("system")
