"""The model at another step of its training, while one of its checkpoints is open: the weights alone are read."""

from __future__ import annotations

from core.checkpoints.opened import SeriesModel
from core.checkpoints.series import Series, folder_of, open_series
from core.errors import WirescopeError
from core.models.model import Model


class OtherCheckpoints:
    """Of the series that was looked at last, which is not checked again while it has the checkpoint asked for."""

    def __init__(self) -> None:
        self._series: Series | None = None

    def at(self, name: str, precision: str, opened: Model) -> Model | None:
        """The model of a name, of whose series another checkpoint is open; None where it is to be opened as every model
        is: it is no checkpoint, of another series, or its series is none that can be followed."""
        folder = folder_of(name)
        if folder is None or folder_of(opened.name) != folder:
            return None
        try:
            if self._series is None or self._series.source != str(folder) or self._series.index(name) is None:
                self._series = open_series(folder)
        except WirescopeError:
            return None
        place = self._series.index(name)
        if place is None:
            return None
        return SeriesModel(self._series, precision, opened).at(self._series.steps[place])
