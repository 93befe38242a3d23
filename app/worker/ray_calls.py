"""What calls of Ray give, and what their errors say of the link. Ray is imported when one is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.messages.links import LinkCut, WorkerDied
from core.errors import WirescopeError
from core.ray_reasons import reason, sentence


class WorkerUnheard(LinkCut):
    """The cluster is heard, and it does not reach the worker."""


def called(call: Callable[[], Any], where: str) -> Any:
    """What a call of Ray gives. Raises WorkerDied, LinkCut (WorkerUnheard), and the WirescopeErrors of the other
    side."""
    from ray import exceptions

    try:
        return call()
    except exceptions.RayTaskError as error:
        cause = error.cause if hasattr(error, "cause") else None
        if isinstance(cause, WirescopeError):
            raise cause from None
        raise WirescopeError(f"Something went wrong at {where}: {sentence(last_line(error))}") from error
    except exceptions.ActorUnavailableError as error:
        raise WorkerUnheard(f"The worker at {where} cannot be reached: {reason(error)}") from error
    except (exceptions.RayActorError, exceptions.ActorUnschedulableError) as error:
        raise WorkerDied(f"The worker at {where} has ended: {reason(error)}") from error
    except WirescopeError:
        raise
    except Exception as error:  # of the link: Ray, gRPC and sockets have no common base
        raise LinkCut(f"{where} cannot be reached: {reason(error)}") from error


def last_line(error: BaseException) -> str:
    """What went wrong, of an error whose text is a traceback."""
    return str(error).strip().splitlines()[-1][:200] if str(error).strip() else type(error).__name__
