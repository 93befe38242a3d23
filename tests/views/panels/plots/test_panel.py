"""The dock Plots by itself: in both themes, narrow and with large text, every figure is drawn and can be heard."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QWidget

from views import theme
from views.panels.plots.data import (
    About,
    AgreementData,
    CurveLine,
    CurvesData,
    HistoryData,
    HistoryPoint,
    KnownData,
    PlotsData,
    ScoreBins,
    ScoresData,
)
from views.panels.plots.panel import PlotsPanel

ABOUT = About("names", "A “When Mary”", "logit", "EAP-IG over this pair", "replaced from B")
LINE = CurveLine("EAP-IG over this pair", ABOUT, (1, 10, 100), (0.1, 0.6, 1.0), 100, area="CPR 0.7", present=True)
EARLIER = replace(LINE, name="EAP, of “x”", present=False, same=False, edges=900, slot=1)
BINS = ScoreBins(np.array([0.2, 0.1, -0.1]), np.array([-0.2, -0.05, 0.05, 0.3]), np.array([1, 0, 2]), 1e-3)
DATA = PlotsData(
    CurvesData(ABOUT, (LINE, EARLIER)),
    HistoryData(ABOUT, (HistoryPoint("Cut m0", 1, 2.0, 3.0), HistoryPoint("Cut m1", 2, 1.0, 3.0, "present"))),
    ScoresData(ABOUT, BINS, 1),
    AgreementData(ABOUT, ("m0->m1", "m0->m2"), np.array([0.1, 0.2]), np.array([0.1, -0.2]), (1,), 2, 0.5, 1),
    KnownData(ABOUT, "known.json", 2, 3, np.array([1, 2, 3]), np.ones(3), np.ones(3), 0.6, 0.9, 1),
)


def is_drawn(image: QImage) -> bool:
    """Whether some of it has a colour: axes and words are grey."""
    places = itertools.product(range(0, image.width(), 2), range(6, image.height() - 6))
    return any(image.pixelColor(x, y).saturation() > 120 for x, y in places if 6 < x < image.width() - 6)


@pytest.fixture
def panel(show: Callable[..., QWidget], qtbot) -> PlotsPanel:
    panel = show(PlotsPanel(), 700, 320)
    qtbot.waitUntil(lambda: panel.stage is not None, timeout=30_000)
    return panel


def test_every_figure_says_what_it_is_of_in_every_look(panel: PlotsPanel) -> None:
    for key, button in panel.buttons.items():
        button.setChecked(True)
        assert panel.body.currentWidget() is not panel.stage, key  # empty, and says what to do
        assert len(panel.empty.text()) > 20
    panel.set_data(DATA)
    try:
        for look, width, percent in (("dark", 700, 100), ("light", 700, 100), ("light", 300, 150)):
            theme.set_choice(look)
            theme.set_text_percent(percent)
            panel.resize(width, 340)
            for button in panel.buttons.values():
                button.setChecked(True)
                chart = panel.stage.chart
                assert is_drawn(chart.grab().toImage()), (button.text(), look, width)
                assert "names" in panel.caption.text()
                assert ABOUT.ablation in chart.accessibleName()
                assert panel.plot.note(DATA) in chart.accessibleDescription()
                assert chart.height() >= 90
                labels = [label.text() for label in panel.stage.legend.findChildren(QLabel)]
                assert len(labels) == len(panel.plot.legend(DATA))
    finally:
        theme.set_text_percent(100)


def test_what_is_of_an_earlier_state_is_dimmed(panel: PlotsPanel) -> None:
    plot = panel.stage.chart.getPlotItem()
    panel.set_data(DATA)
    assert plot.opacity() == 1.0
    panel.set_data(replace(DATA, curves=CurvesData(ABOUT, (EARLIER,))))
    assert plot.opacity() < 0.5
    assert "no curve yet" in panel.caption.text()
    panel.buttons["scores"].setChecked(True)
    assert plot.opacity() == 1.0
    panel.set_data(replace(DATA, scores=replace(DATA.scores, stale=True)))
    assert plot.opacity() < 0.5
    assert panel.reading.text().startswith("Of an earlier state")
