"""The model as it is."""

from core.repair.rivals.rival import Job, Rival, Treated


def nothing(job: Job) -> Treated:
    return Treated(job.model)


RIVAL = Rival("nothing", "the model as it is", nothing, blind=True)
