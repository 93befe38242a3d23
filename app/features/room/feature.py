"""Asks before work that would take more memory than is free, or sends much to another machine."""

from __future__ import annotations

from app.features.room.controller import RoomController
from app.services.context import Feature

FEATURE = Feature(key="room", build=lambda context, _panel: RoomController(context.workbench, context.dialogs))
