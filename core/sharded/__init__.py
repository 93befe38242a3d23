"""Work over many pairs, in shards: the same few pairs go together whatever the number of workers, each shard gives sums
and a row a pair, and a folder holds what is done, so that a run that was killed goes on where it was.

    shards.py    which pairs a shard has
    sources.py   where the pairs come from: a task, or rows that are written into the folder
    job.py       what is done with a shard, and what that gives
    shard_task.py  doing a shard;  worker.py   tasks of any kind, in whatever process
    asked.py     a folder that says what was asked;  folder.py   what is done there
    progress.py  how far it has come, for who looks on
    in_process.py, ray_cluster.py   who does it;  ray_shares.py   how far each of them is
    study_workers.py   pieces of studies, done by these;  study_folder.py   the folder of a study
    run.py       the run itself
    tracing.py   scores of edges;  evaluation.py   what circuits recover;  heads.py   what heads attend to
    query.py     SQL over what came out
"""
