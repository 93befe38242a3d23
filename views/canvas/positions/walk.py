"""Walking on the second level by keyboard.

    Left, Right          the same node at the next column where it stands; on a link: its begin, its end
    Up, Down             the next node above or below in the column: the chip below, the bar on top
    Alt+Up, Alt+Down     along the strongest link: to where it ends, to where it comes from
    Enter                on a node: select its strongest link, first of those that leave it; on a link: go to its end

With nothing selected, a walk starts at the last chip. Where there is nothing to go to, the selection stays.
"""

from __future__ import annotations

from PySide6.QtCore import Qt

from core.graph import INPUT
from views.canvas.positions.data import Place, Spot
from views.canvas.positions.scene import PositionsScene

_WAYS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def walk(scene: PositionsScene, here: Place | None, key: int, alt: bool) -> tuple[bool, Place | None]:
    """What a key does from where one is: whether it is one of the keys above, and where to go."""
    if key not in _WAYS and key not in _ENTER:
        return False, None
    if here is None or not scene.spots:
        return True, Spot(INPUT, scene.data.columns[-1].positions) if scene.data.columns else None
    if not isinstance(here, Spot):
        back = key in (Qt.Key.Key_Left, Qt.Key.Key_Down)
        return True, scene.ends(here)[0 if back else 1]
    if key in _ENTER:
        return True, scene.strongest_at(here, leaving=True) or scene.strongest_at(here, leaving=False) or here
    forward = _WAYS[Qt.Key(key)] > 0
    if alt:
        link = scene.strongest_at(here, leaving=forward)
        return True, here if link is None else scene.ends(link)[1 if forward else 0]
    across = key in (Qt.Key.Key_Left, Qt.Key.Key_Right)
    return True, _beside(scene, here, forward) if across else _above(scene, here, forward)


def _beside(scene: PositionsScene, here: Spot, forward: bool) -> Spot:
    column_of = scene.layout.column_of
    row = sorted((s for s in scene.spots if s.node == here.node), key=lambda spot: column_of[spot.positions])
    return _next(row, here, forward)


def _above(scene: PositionsScene, here: Spot, forward: bool) -> Spot:
    column = [spot for spot in scene.spots if spot.positions == here.positions]
    return _next(sorted(column, key=lambda spot: -scene.layout.shape(spot).center().y()), here, forward)


def _next(spots: list[Spot], here: Spot, forward: bool) -> Spot:
    if here not in spots:
        return here
    at = spots.index(here) + (1 if forward else -1)
    return spots[min(max(at, 0), len(spots) - 1)]
