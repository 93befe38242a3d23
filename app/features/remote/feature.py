"""*File > Connect to…*: the model is run by a worker of a cluster, and the window stays where it is."""

from __future__ import annotations

from app.features.remote.controller import RemoteController, why_no_cluster, why_not_back
from app.services.actions import Action
from app.services.context import Feature

FEATURE = Feature(
    key="remote",
    actions=(
        Action(
            "connect",
            "Connect to…",
            (),
            "Have the model run by a worker of a Ray cluster, on this machine or elsewhere",
            why_not=why_no_cluster,
            run=RemoteController.show,
        ),
        Action(
            "disconnect",
            "&Disconnect",
            (),
            "Have the work done in this process again; the edits stay",
            why_not=why_not_back,
            run=RemoteController.disconnect_worker,
        ),
    ),
    build=lambda context, _panel: RemoteController(
        context.workbench, context.notifier, context.jobs, context.dialogs, context.closing
    ),
)
