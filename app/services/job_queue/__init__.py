"""Long runs that wait, run, pause and are cancelled, whatever happens to the window.

A job is a command of the terminal that can be gone on with, and the folder that keeps what it has done. It runs in a
process of its own: the window stays light, and a crash takes nothing along. The queue is a small file a job in the
user's state folder, which every window reads; one window at a time, the runner, starts and ends processes.

    job.py        what a job is
    store.py      the files
    schedule.py   what is started and ended next, and what the end of a process means
    shown.py      a job beside how far it has come
    process.py    starting and ending processes
    queue.py      all of it for one window
"""
