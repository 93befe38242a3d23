"""What tests of the canvas share."""

import pytest

from tests.views.canvas.hand import EDGES, shown
from tests.views.canvas.samples import SMALL, canvas_data
from views.canvas.canvas import Canvas


@pytest.fixture
def canvas(qtbot) -> Canvas:
    return shown(qtbot, canvas_data(SMALL, *EDGES))
