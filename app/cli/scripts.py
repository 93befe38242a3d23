"""`wirescope export PROJECT`: its history as a script."""

from __future__ import annotations

from pathlib import Path

from core.errors import InputError
from core.saving import save_text
from core.scripts.python_script import Part


def write_script(project: Path, form: str, part: Part, out: Path) -> None:
    """Write a project as a script. form: "python", "notebook", or "torch", of which it is the present step. Raises
    WirescopeError."""
    if form == "torch":
        save_text(out, _torch(project))
        return
    from core.scripts.public import to_python

    save_text(out, to_python(project, "notebook" if form == "notebook" else "python", part))


def _torch(project: Path) -> str:
    from app.messages.replies import RunReply
    from app.messages.request import FailureReply, Reply, Request
    from app.worker.service import WorkerService
    from core.scripts.public import told_of_project
    from core.scripts.torch_script import torch_script

    ((_, document),) = told_of_project(project, "step")
    service = WorkerService()
    replies: list[Reply] = []
    service.serve(Request(1, document), replies.append, lambda: False)
    for reply in replies:
        if isinstance(reply, FailureReply):
            raise InputError(reply.message or "There is no input in A.", reply.hint)
    (ran,) = (reply for reply in replies if isinstance(reply, RunReply))
    return torch_script(service.session, ran.edits)
