"""The strip at the window's top: the model, the tools, what a cut puts in, and Trace."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QFontMetricsF, QKeySequence, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QMenu, QPushButton, QSizePolicy, QWidget, QWidgetAction

from core.edits import ABLATIONS, EDIT_WORDS, KINDS, EditKind
from views.panels.toolbar.trace_button import TraceButton
from views.panels.tracing.data import TraceData
from views.panels.tracing.panel import TraceMenu
from views.theme import current, text_scale, theme_changes
from views.widgets.buttons import LinkButton, open_below
from views.widgets.line_icons import IconButton, draw_icon
from views.widgets.text import ElidedLabel, enlarge

_TOOLS = (
    ("select", "Select", "", "Click selects"),
    ("cut", "Cut", "X", "Click cuts a wire or a node: in its place comes {puts}, as “replace with” says"),
    ("patch", "Patch", "P", "Click patches a wire or a node: in its place comes its value in the counterfactual B"),
)
_PUTS: dict[EditKind, str] = {
    **{kind: KINDS[kind].puts for kind in ABLATIONS},
    "patch": f"{KINDS['patch'].puts} (just what Patch does)",
}
NARROW = 1200  # pixels: with less, the tools do not say their keys, and "replace with" is said in short
_NO_B = "There is no counterfactual: fill card B first"


class LabelledButton(QPushButton):
    """A strong word and a muted one beside it, which gives way first. With a menu, an arrow at the right."""

    def __init__(self, strong: str = "", muted: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._strong, self._muted = strong, muted
        self.arrow = False
        self.bold = False
        self.muted_first = False  # "replace with: from B"
        self.shrinks = False

    def set_words(self, strong: str, muted: str) -> None:
        self._strong, self._muted = strong, muted
        self.setAccessibleName(self.words())
        self.updateGeometry()
        self.update()

    def words(self) -> str:
        """All the words, elided or not."""
        parts = (self._muted, self._strong) if self.muted_first else (self._strong, self._muted)
        return " ".join(part for part in parts if part)

    def _strong_font(self) -> QFontMetricsF:
        font = self.font()
        font.setBold(self.bold or self.isChecked())
        return QFontMetricsF(font)

    def sizeHint(self) -> QSize:
        font = self.font()
        font.setBold(True)
        width = QFontMetricsF(font).horizontalAdvance(self._strong) if self.bold or self.isCheckable() else 0.0
        width = max(width, self._strong_font().horizontalAdvance(self._strong))
        width += self.fontMetrics().horizontalAdvance(self._muted) + (9 if self._muted else 0)
        return QSize(round(width) + 28 + 18 * self.arrow, self.fontMetrics().height() + 12)

    def minimumSizeHint(self) -> QSize:
        if not self.shrinks:
            return self.sizeHint()
        room = self._strong_font().horizontalAdvance(self._strong[:9]) + 34 + 18 * self.arrow
        return QSize(min(round(room), self.sizeHint().width()), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)  # the frame; the button has no text of its own
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, normal = current(), QFontMetricsF(self.font())
        strong_font = self.font()
        strong_font.setBold(self.bold or self.isChecked())
        strong_metrics = QFontMetricsF(strong_font)
        room = self.width() - 26.0 - 18 * self.arrow
        strong = strong_metrics.elidedText(self._strong, Qt.TextElideMode.ElideMiddle, room)
        left = max(room - strong_metrics.horizontalAdvance(strong) - 9, 0.0)
        whole = normal.horizontalAdvance(self._muted)
        muted = normal.elidedText(self._muted, Qt.TextElideMode.ElideRight, left) if left >= min(24.0, whole) else ""
        if left < whole and not self.bold:  # a tool's few words, cut off, would say nothing
            muted = ""
        parts = [(strong, strong_font, "text"), (muted, self.font(), "muted")]
        if self.muted_first:
            parts.reverse()
        parts = [part for part in parts if part[0]]
        widths = [QFontMetricsF(font).horizontalAdvance(text) for text, font, _ in parts]
        total = sum(widths) + 9 * (len(parts) - 1)
        x = 13.0 if self.arrow else (self.width() - total) / 2
        baseline = (self.height() + normal.ascent() - normal.descent()) / 2
        for (text, font, color), width in zip(parts, widths, strict=True):
            painter.setFont(font)
            painter.setPen(theme.color(color if self.isEnabled() else "muted", 1.0 if self.isEnabled() else 0.6))
            painter.drawText(QPointF(x, baseline), text)
            x += width + 9
        if self.arrow:
            box = QRectF(self.width() - 24, (self.height() - 14) / 2, 14, 14)
            draw_icon(painter, "down", box, "muted")
        painter.end()


class TopBar(QWidget):
    tool_changed = Signal(str)  # "select", "cut", "patch"
    replacement_changed = Signal(str)  # what Cut puts in: "patch", "zero", "mean"
    trace_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Tools")
        self._model_menu: QMenu | None = None
        self.app_name = ElidedLabel("Wirescope")
        self.app_name.setText("Wirescope", "")
        self.app_name.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        enlarge(self.app_name, 1.23)
        self.model = LabelledButton("Open a model")
        self.model.bold = self.model.arrow = self.model.shrinks = True
        self.model.setToolTip("The model: open another one")
        self.model.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.model.clicked.connect(self._open_model_menu)

        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(18, 7, 18, 7)
        self.row.setSpacing(6)
        self.row.addWidget(self.app_name)
        self.row.addSpacing(12)
        self.row.addWidget(self.model)
        self.row.addSpacing(10)
        self._add_tools()
        self.row.addSpacing(10)
        self._add_replacement()
        self.row.addSpacing(10)
        self._add_trace()
        self.row.addStretch(1)
        self._add_actions()

    # ---- parts ---------------------------------------------------------------------------------------------

    def _add_tools(self) -> None:
        self.tools: dict[str, LabelledButton] = {}
        self._cuts: EditKind = "zero"
        self._has_b, self._narrow = True, False
        group = QButtonGroup(self)
        group.setExclusive(True)
        for name, words, key, _ in _TOOLS:
            button = LabelledButton(words, key)
            button.setCheckable(True)
            button.shrinks = True
            button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            button.toggled.connect(lambda on, name=name: self.tool_changed.emit(name) if on else None)
            group.addButton(button)
            self.tools[name] = button
            self.row.addWidget(button)
            self._tell_tool(name)
        self.set_tool("select")

    def _tell_tools(self) -> None:
        self.replacement.set_words(EDIT_WORDS[self._cuts], "cut:" if self._narrow else "replace with:")
        for name in self.tools:
            self._tell_tool(name)

    def _tell_tool(self, name: str) -> None:
        """Say on a tool what it will put in, and its key where there is room."""
        kind = self._cuts
        words, key, tip = next(rest for tool, *rest in _TOOLS if tool == name)
        puts = {"cut": EDIT_WORDS[kind], "patch": EDIT_WORDS["patch"]}.get(name, "")
        self.tools[name].set_words(
            words, "  ".join(part for part in (puts, "" if self._narrow and puts else key) if part)
        )
        tip = tip.format(puts=_PUTS.get(kind, "")) + (f" ({key} does it to the selection)" if key else "")
        self.tools[name].setAccessibleName(f"{words} tool")
        self.tools[name].setAccessibleDescription(tip)
        self.tools[name].setToolTip(_NO_B if name == "patch" and not self._has_b else tip)

    def _add_replacement(self) -> None:
        self.replacement = LabelledButton()
        self.replacement.arrow = self.replacement.muted_first = True
        self.replacement.shrinks = True
        self.replacement.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.replacement.setToolTip("What a cut puts in the place of the value")
        self.replacement_menu = QMenu(self)
        group = QActionGroup(self)
        self._replacements: dict[str, QAction] = {}
        for kind in ABLATIONS:
            action = self.replacement_menu.addAction(EDIT_WORDS[kind])
            action.setCheckable(True)
            group.addAction(action)
            action.triggered.connect(lambda _checked=False, kind=kind: self._choose_replacement(kind))
            self._replacements[kind] = action
        self.replacement.clicked.connect(lambda: open_below(self.replacement, self.replacement_menu))
        self.row.addWidget(self.replacement)
        self.set_replacement("zero")

    def _add_trace(self) -> None:
        self.trace = TraceButton()
        theme_changes().resized.connect(self._fit_words)
        self._fit_words()
        self.trace.setToolTip("Score every edge and show the strongest (T)")
        self.trace.clicked.connect(lambda: self.trace_requested.emit())
        self.method = LinkButton("▾")
        self.method.setAccessibleName("Method of tracing")
        self.method.setToolTip("How edges are scored, and over what")
        self.method.clicked.connect(lambda: self.open_method_menu())
        self.method_menu = TraceMenu(self)
        self.method.hide()
        self.row.addWidget(self.trace)
        self.row.addWidget(self.method)

    def _fit_words(self) -> None:
        """The name gives way where text is large."""
        self.app_name.setMinimumWidth(1 if text_scale() > 1 else self.app_name.sizeHint().width())
        self._look_at_width()

    def _add_actions(self) -> None:
        self.undo = IconButton("undo", "Undo")
        self.redo = IconButton("redo", "Redo")
        self.export = LinkButton("Export ▾")
        self.export.setToolTip("Save the canvas or the circuit")
        self.find_command = LinkButton("")
        for button in (self.undo, self.redo, self.export, self.find_command):
            self.row.addWidget(button)
            button.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._look_at_width()
        self._share_room()

    def _look_at_width(self) -> None:
        narrow = self.width() < NARROW * text_scale()
        if narrow != self._narrow:
            self._narrow = narrow
            self._tell_tools()

    def _share_room(self) -> None:
        """What Trace will do is said before the model's details are."""
        hint = min(self.model.sizeHint().width(), self.model.maximumWidth())
        left = self.width() - (self.row.sizeHint().width() - hint)
        self.model.setMaximumWidth(max(left, self.model.minimumSizeHint().width()))

    # ---- showing -------------------------------------------------------------------------------------------

    def set_model(self, name: str, details: str = "") -> None:
        """`details` like "30 layers · 9 heads · fp32 · cpu"."""
        self.model.set_words(name or "Open a model", details)
        self.model.setToolTip(f"{name}\n{details}".strip() or "Open a model")

    def set_opening(self, name: str) -> None:
        """A model is on its way; what is known of the one before is not of this one."""
        self.model.set_words(name, "is being opened …")
        self.model.setToolTip(f"{name} is being opened; Esc gives it up")

    def set_model_menu(self, menu: QMenu) -> None:
        self._model_menu = menu

    def set_tool(self, name: str) -> None:
        self.tools[name].setChecked(True)

    def tool(self) -> str:
        return next(name for name, button in self.tools.items() if button.isChecked())

    def set_replacement(self, kind: str) -> None:
        self._replacements[kind].setChecked(True)
        self._cuts = cast(EditKind, kind)
        self._tell_tools()

    def set_counterfactual(self, present: bool) -> None:
        """Without B nothing can come from B."""
        self._replacements["patch"].setEnabled(present)
        self.tools["patch"].setEnabled(present)
        self._has_b = present
        self._tell_tool("patch")
        if not present and self.tool() == "patch":
            self.set_tool("select")

    def open_method_menu(self, form: QWidgetAction | None = None) -> None:
        """The menu beside Trace. form: of its fields, that the keys go to."""
        open_below(self.method, self.method_menu)
        if form is not None:
            form.defaultWidget().setFocus()

    def set_tracing(self, data: TraceData) -> None:
        """What Trace does, and what else it could do."""
        self.method_menu.set_data(data)
        self.method.setVisible(bool(data.methods))
        self.trace.set_tracing(data)
        self._share_room()

    def set_trace_enabled(self, enabled: bool) -> None:
        self.trace.setEnabled(enabled)

    def set_actions(self, undo: QAction, redo: QAction, export_menu: QMenu) -> None:
        for button, action in ((self.undo, undo), (self.redo, redo)):
            button.setDefaultAction(action)
            button.setAccessibleName(action.text().replace("&", ""))
            button.show()
        self.export.clicked.connect(lambda: open_below(self.export, export_menu))
        self.export.show()

    def set_palette(self, action: QAction) -> None:
        """The button of the command palette; its key is in the tooltip."""
        self.find_command.setText("Commands")
        self.find_command.setAccessibleName(action.text().replace("&", "").rstrip("…"))
        key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        self.find_command.setToolTip(action.toolTip() if key in action.toolTip() else f"{action.toolTip()} ({key})")
        self.find_command.clicked.connect(action.trigger)
        self.find_command.show()

    # ---- acting --------------------------------------------------------------------------------------------

    def _open_model_menu(self) -> None:
        if self._model_menu is not None:
            open_below(self.model, self._model_menu)

    def _choose_replacement(self, kind: str) -> None:
        self.set_replacement(kind)
        self.replacement_changed.emit(kind)
