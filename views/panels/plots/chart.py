"""The surface that every figure of the dock is drawn on: axes, grid, zoom, and a mark at what is being read.

    wheel, drag        zoom at the pointer; move. Double click: all of it again
    +, −, 0            zoom in, out; all of it
    arrows             read the points one after the other; up and down: those of the next row
    Home, End          the first, the last point

Imports pyqtgraph, which takes long: import this only when a figure is to be drawn.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QColor,
    QFont,
    QFontInfo,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from views.panels.plots.axes import Axis, ScaledAxis
from views.panels.plots.reading import Array, Point, Reading, Spots, Way
from views.theme import BODY_POINTS, current, text_scale, ui_font
from views.theme_colors import Theme
from views.widgets.text import scaled

# Every move of the mouse counts: where one is left out, a drag that follows it takes hold of what lay there before.
pg.setConfigOption("mouseRateLimit", -1)

STALE = 0.4
LOW = 130  # pixels: a figure that is lower has no room for the words of its lower axis, which its tooltip says
ZOOM = 1.25
WAYS: dict[Qt.Key, Way] = {
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_Down: "down",
    Qt.Key.Key_Home: "first",
    Qt.Key.Key_End: "last",
}


class Chart(pg.PlotWidget):  # type: ignore[misc]
    read = Signal(str)  # what is known of the point at the pointer, or of the one that the keys have come to
    threshold_moved = Signal(float)  # while it is dragged; a value of the axis below
    threshold_let_go = Signal()
    stepped = Signal(str)  # "fewer", "more", "half", "twice", by the keys

    def __init__(self, parent: QWidget | None = None, theme: Theme | None = None, fineness: float = 1.0) -> None:
        """theme: of a picture for others; the window's own, which may change, without one. fineness: dots of the
        picture for a pixel, as pyqtgraph's lines and marks are as wide as dots."""
        self._fixed, self._fineness = theme, fineness
        self._reading = Reading()
        self._zoomed = False
        self._line: Any = None  # the threshold
        self._bars: Any = None
        self._names: list[Any] = []
        self.drawn: object = None  # what a plot says that it has drawn last
        self._axes = (Axis(""), Axis(""))
        self._axis_items: dict[str, ScaledAxis] = {}
        axes = {side: ScaledAxis(side) for side in ("bottom", "left")}
        super().__init__(parent, background=None, axisItems=axes, enableMenu=False)
        self._axis_items = axes
        self.setMinimumSize(160, 90)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        plot = self.getPlotItem()
        plot.hideButtons()
        plot.ctrlMenu.setParent(self, plot.ctrlMenu.windowFlags())  # never opened; it is to go with the chart
        plot.setContentsMargins(2, 4, 10, 0)
        self.setMenuEnabled(False)
        self._mark = pg.ScatterPlotItem(size=13, pxMode=True)
        self._mark.setZValue(100)
        self.scene().sigMouseMoved.connect(self._point_at)
        plot.getViewBox().sigRangeChangedManually.connect(self._keep_zoom)
        plot.getViewBox().sigTransformChanged.connect(self.place_names)
        self.restyle()

    # ---- look --------------------------------------------------------------------------------------------------

    @property
    def theme(self) -> Theme:
        return self._fixed or current()

    def sizeHint(self) -> QSize:
        return QSize(420, 240)

    def restyle(self) -> None:
        """Take the theme and the size of text as they are now; what is drawn keeps its colours until it is drawn
        anew."""
        theme = self.theme
        ring = "transparent" if self._fixed else theme.accent
        self.setStyleSheet(
            "QGraphicsView { border: 1px solid transparent; background: transparent; }"
            f"QGraphicsView:focus {{ border: 1px solid {ring}; border-radius: 4px; }}"
        )
        for axis in self._axis_items.values():
            axis.setPen(pg.mkPen(theme.faint))
            axis.setTextPen(pg.mkPen(theme.muted))
            axis.setStyle(tickFont=self._font(), tickLength=-4, autoReduceTextSpace=True, hideOverlappingLabels=False)
            axis.setGrid(False)
        self._mark.setPen(pg.mkPen(theme.selection, width=2))
        self._mark.setBrush(pg.mkBrush(None))
        self._label_axes()

    def _font(self) -> QFont:
        """In pixels, so that it is the same on every device."""
        font = scaled(ui_font(), 0.88)
        pixels = max(round(QFontInfo(font).pixelSize()), 8)
        font.setPixelSize(pixels)
        return font

    def _label_axes(self) -> None:
        size = f"{BODY_POINTS * 0.92 * text_scale():.2f}pt"
        for side, axis in zip(("bottom", "left"), self._axes, strict=True):
            item = self._axis_items[side]
            item.axis = axis
            item.label.setFont(self._font())
            room = item.width() if side == "bottom" else item.height()
            low = side == "bottom" and not self._fixed and self.height() < LOW
            fits = not axis.short or QFontMetricsF(self._font()).horizontalAdvance(axis.words) * 1.05 <= room
            item.setLabel(axis.words if fits else axis.short, **{"color": self.theme.muted, "font-size": size})
            item.update()
            item.showLabel(not low)
        lines = 1 if not self._fixed and self.height() < LOW else 2
        self._axis_items["bottom"].setHeight(lines * QFontMetricsF(self._font()).height() + 9)

    def set_stale(self, stale: bool) -> None:
        self.getPlotItem().setOpacity(STALE if stale else 1.0)

    # ---- drawing -----------------------------------------------------------------------------------------------

    def start(self, below: Axis, left: Axis) -> None:
        """An empty figure with these axes. The zoom stays where these are the same as before."""
        if (below.words, left.words) != (self._axes[0].words, self._axes[1].words):
            self._zoomed = False
        self.getPlotItem().clear()
        self._reading, self._names = Reading(), []
        self._line, self._bars, self.drawn = None, None, None
        self._axes = (below, left)
        self.setToolTip(f"across: {below.words}; up: {left.words}")
        self._label_axes()

    def places(self, xs: Any, ys: Any) -> tuple[Array, Array]:
        """Values as places on the axes."""
        x, y = (np.asarray(values, dtype=np.float64) for values in (xs, ys))
        return self._axes[0].scale.to(x), self._axes[1].scale.to(y)

    def line(self, xs: Any, ys: Any, color: QColor, width: float = 2.0, mark: str = "", dashed: bool = False) -> None:
        """A line through values; with a mark at each where one is named."""
        x, y = self.places(xs, ys)
        style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
        symbols = (
            {"symbol": mark, "symbolSize": 6 * self._fineness, "symbolBrush": color, "symbolPen": None} if mark else {}
        )
        self.addItem(pg.PlotDataItem(x, y, pen=self._pen(color, width, style), antialias=True, **symbols))

    def _pen(self, color: QColor | str, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
        return pg.mkPen(color, width=width * self._fineness, style=style)

    def band(self, xs: Any, low: Any, high: Any, color: QColor) -> None:
        """What lies between two lines."""
        (x, bottom), (_, top) = self.places(xs, low), self.places(xs, high)
        sides = [pg.PlotCurveItem(x, y, pen=None) for y in (bottom, top)]
        self.addItem(pg.FillBetweenItem(*sides, brush=pg.mkBrush(color)))

    def points(self, xs: Any, ys: Any, color: QColor, size: float = 6.0, mark: str = "o", hollow: bool = False) -> None:
        x, y = self.places(xs, ys)
        brush, pen = (None, self._pen(color, 1.4)) if hollow else (pg.mkBrush(color), None)
        self.addItem(
            pg.ScatterPlotItem(x, y, size=size * self._fineness, symbol=mark, brush=brush, pen=pen, antialias=True)
        )

    def bars(self, bounds: Any, heights: Any, colors: list[QColor]) -> None:
        """Bars between bounds, [bars + 1], each in its colour."""
        x, _ = self.places(bounds, np.zeros(len(bounds)))
        _, y = self.places(np.zeros(len(heights)), heights)
        gap = 0.08 * np.diff(x)
        brushes = [pg.mkBrush(color) for color in colors]
        self._bars = pg.BarGraphItem(x0=x[:-1] + gap, x1=x[1:] - gap, height=y, brushes=brushes, pen=None)
        self.addItem(self._bars)

    def color_bars(self, colors: list[QColor]) -> None:
        """Other colours for the bars that are drawn."""
        if self._bars is not None:
            self._bars.setOpts(brushes=[pg.mkBrush(color) for color in colors])

    def across(self, value: float, color: QColor, upright: bool = False) -> None:
        """A thin dotted line over the whole figure."""
        scale = self._axes[0 if upright else 1].scale
        pen = self._pen(color, 1.2, Qt.PenStyle.DotLine)
        self.addItem(pg.InfiniteLine(scale.place(value), angle=90 if upright else 0, pen=pen), ignoreBounds=True)

    def threshold(self, value: float, chosen: bool) -> None:
        """A line to drag; dashed while nothing is chosen by it."""
        place = self._axes[0].scale.place(value)
        style = Qt.PenStyle.SolidLine if chosen else Qt.PenStyle.DashLine
        pen = self._pen(self.theme.selection, 2.0, style)
        hover = self._pen(self.theme.selection, 4.0, style)
        self._line = pg.InfiniteLine(place, angle=90, movable=self._fixed is None, pen=pen, hoverPen=hover)
        self._line.addMarker("<|>", 0.95, 9)
        self._line.setCursor(Qt.CursorShape.SizeHorCursor)
        self._line.sigDragged.connect(lambda line: self.threshold_moved.emit(self._axes[0].scale.value(line.value())))
        self._line.sigPositionChangeFinished.connect(lambda _: self.threshold_let_go.emit())
        self.addItem(self._line, ignoreBounds=True)

    @property
    def threshold_place(self) -> QPointF | None:
        """Where the line to drag is, in pixels of the widget, halfway up."""
        if self._line is None:
            return None
        low, high = self.getViewBox().viewRange()[1]
        at = self.getViewBox().mapViewToScene(QPointF(self._line.value(), (low + high) / 2))
        return QPointF(self.mapFromScene(at))

    def is_dragged(self) -> bool:
        """Whether the line is in the user's hand."""
        return self._line is not None and bool(self._line.moving)

    def name(self, x: float, y: float, words: str) -> None:
        """Words beside a point, where there is room for them."""
        item = pg.TextItem(words, color=self.theme.text, anchor=(0.0, 1.0))
        item.setFont(self._font())
        (place_x,), (place_y,) = self.places([x], [y])
        item.setPos(place_x, place_y)
        self._names.append(item)
        self.addItem(item, ignoreBounds=True)

    def place_names(self, *_: object) -> None:
        """Each name on the side of its point where it covers no other one; one that finds no room is not shown: its
        point can be read."""
        box = self.getViewBox()
        room, taken = box.sceneBoundingRect(), []
        metrics = QFontMetricsF(self._font())
        for item in self._names:
            at = box.mapViewToScene(item.pos())
            wide, tall = metrics.horizontalAdvance(item.toPlainText()) + 10, metrics.height() + 4
            for across, down in ((0.0, 1.0), (0.0, 0.0), (1.0, 1.0), (1.0, 0.0)):
                area = QRectF(at.x() - across * wide, at.y() - down * tall, wide, tall)
                if room.contains(area) and not any(area.intersects(other) for other in taken):
                    item.setAnchor((across, down))
                    taken.append(area)
                    item.setVisible(True)
                    break
            else:
                item.setVisible(False)

    def finish(self, spots: list[Spots], room: QRectF | None = None) -> None:
        """All is drawn. spots: what can be read. room: values that are to be in sight, beside what is drawn."""
        self._reading = Reading(spots)
        box = self.getViewBox()
        box.enableAutoRange(x=False, y=False)
        xs = [self._axes[0].scale.to(row.xs) for row in self._reading.rows]
        ys = [self._axes[1].scale.to(row.ys) for row in self._reading.rows]
        if room is not None:
            x, y = self.places([room.left(), room.right()], [room.top(), room.bottom()])
            xs, ys = [*xs, x], [*ys, y]
        if xs:
            spans = [_span(np.concatenate(values)) for values in (xs, ys)]
            (left, right), (low, high) = spans
            wide, tall = right - left, high - low
            box.setLimits(
                xMin=left - wide / 2, xMax=right + wide / 2, yMin=low - tall / 2, yMax=high + tall / 2,
                maxXRange=2 * wide, maxYRange=2 * tall,
            )  # fmt: skip
            self._whole = QRectF(left, low, wide, tall)
            if not self._zoomed:
                self.fit()
        self._mark.setData([], [])
        self.addItem(self._mark, ignoreBounds=True)
        self.place_names()

    # ---- zoom --------------------------------------------------------------------------------------------------

    _whole = QRectF(0, 0, 1, 1)

    def fit(self) -> None:
        """All of it."""
        self._zoomed = False
        self.getViewBox().setRange(self._whole, padding=0.03)

    def zoom(self, factor: float) -> None:
        """Nearer (above 1) or farther, about the middle."""
        self._zoomed = True
        self.getViewBox().scaleBy((1 / factor, 1 / factor))

    def is_zoomed(self) -> bool:
        return self._zoomed

    def _keep_zoom(self, *_: object) -> None:
        self._zoomed = True

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._axis_items:  # not while it is made
            self.getPlotItem().layout.activate()
            self._label_axes()
            self.getPlotItem().layout.activate()
            self._label_axes()  # by the room that there is now

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event)
        event.accept()

    # ---- reading -----------------------------------------------------------------------------------------------

    def _point_at(self, at: QPointF) -> None:
        inside = self.getViewBox().sceneBoundingRect().contains(at) and not self.is_dragged()
        self._show_read(self._reading.nearest(partial(self._away, at)) if inside else None)

    def _away(self, at: QPointF, spots: Spots) -> Array:
        """Pixels from each point of a row, [points]."""
        box = self.getViewBox()
        pixel = box.viewPixelSize()
        here = box.mapSceneToView(at)
        x, y = self.places(spots.xs, spots.ys)
        across = (x - here.x()) / max(pixel[0], 1e-300)
        if spots.column:
            return np.abs(across)
        return np.hypot(across, (y - here.y()) / max(pixel[1], 1e-300))

    def _show_read(self, at: Point | None) -> None:
        if at != self._reading.at:
            self._reading.at = at
            self._mark.setData(*self.places(*self._reading.place))
            self.read.emit(self.words_read)

    @property
    def words_read(self) -> str:
        """Of the point that is read; empty while none is."""
        return self._reading.words

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if not self.hasFocus():
            self._show_read(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, shift = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        keys = Qt.Key
        steps = {keys.Key_PageUp: "twice", keys.Key_PageDown: "half"}
        if shift:
            steps |= {keys.Key_Left: "more", keys.Key_Right: "fewer"}  # as the line would move
        if key in steps and self._line is not None:
            self.stepped.emit(steps[Qt.Key(key)])
        elif key in (keys.Key_Plus, keys.Key_Equal):
            self.zoom(ZOOM)
        elif key == keys.Key_Minus:
            self.zoom(1 / ZOOM)
        elif key == keys.Key_0:
            self.fit()
        elif key in WAYS:
            self._walk(WAYS[Qt.Key(key)])
        elif key == keys.Key_Escape and self._reading.at is not None:
            self._show_read(None)
        else:
            QWidget.keyPressEvent(self, event)
            return
        event.accept()

    def _walk(self, way: Way) -> None:
        """Read the next point."""
        point = self._reading.next(way)
        if point is None:
            return
        self._show_read(point)
        self.setAccessibleDescription(self.words_read)
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))


def _span(values: Array) -> tuple[float, float]:
    """From the least to the largest that is finite; a little around one that is alone."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    if high - low < 1e-12 * max(abs(high), 1.0):
        around = abs(high) * 0.1 or 0.5
        return low - around, high + around
    return low, high
