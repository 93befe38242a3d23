"""Fine screens: at 1x, 1.5x and 2x everything is drawn in the screen's own pixels, not enlarged afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

LOOK = """
import json, sys
from PySide6.QtWidgets import QApplication
app = QApplication([])
from tests.views.canvas.samples import SMALL, canvas_data
from views import icons, theme
from views.canvas.canvas import Canvas
theme.set_choice("dark")
theme.apply(app)
canvas = Canvas()
canvas.resize(640, 480)
canvas.set_data(canvas_data(SMALL, "m0->logits", "a0.h1->a2.h5<q>"))
canvas.show()
for _ in range(30):
    app.processEvents()
grab = canvas.grab().toImage()
kept = [value for value in vars(canvas).values() if type(value).__name__ == "Cache"]
pictures = [p for cache in kept for p in vars(cache).values() if type(p).__name__ == "Picture"]
icon = icons.icon("cut").pixmap(16)
edge = [grab.pixelColor(x, grab.height() // 2).lightness() for x in range(grab.width())]
print(json.dumps({
    "ratio": canvas.devicePixelRatioF(),
    "grab": [grab.width(), grab.height()],
    "kept": [p.pixmap.devicePixelRatio() for p in pictures],
    "kept pixels": [p.pixmap.width() / p.pixmap.deviceIndependentSize().width() for p in pictures],
    "icon": icon.width(),
    "steepest": max(abs(a - b) for a, b in zip(edge, edge[1:])),
}))
"""


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_the_canvas_its_kept_picture_and_icons_have_the_pixels_of_the_screen(ratio: float) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": str(ratio)}
    command = [sys.executable, "-c", LOOK]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["ratio"] == ratio
    assert found["grab"] == [round(640 * ratio), round(480 * ratio)]
    assert found["kept"]
    assert set(found["kept"]) == {ratio}
    assert found["kept pixels"] == pytest.approx([ratio] * len(found["kept"]), abs=0.01)
    assert found["icon"] >= 16 * ratio
    assert found["steepest"] > 60  # a line begins within a pixel; enlarged, it would fade in
