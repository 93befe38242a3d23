"""A command in the place of `wirescope trace --folder`, `evaluate --folder` and `heads --folder`: it writes the same
progress.json, pair by pair, imports nothing large, and waits for the test where that asks for it.

    FOLDER/pace     while it is not there, the command stays at the pair that it has come to
    FOLDER/fails    it fails with these words
    FOLDER/scores   what it copies to circuit.json at its end; an evaluation to evaluation.json, heads to
                    heads.json, a study to study.html
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from app.services.job_queue.job import Job, Traced

SCRIPT = """
import json, os, shutil, signal, sys, time
arguments = sys.argv[1:]
folder = arguments[arguments.index("--folder") + 1]
total = int(arguments[arguments.index("--pairs") + 1]) if "--pairs" in arguments else 3
signal.signal(signal.SIGINT, signal.default_int_handler)
os.makedirs(folder, exist_ok=True)
path = os.path.join(folder, "progress.json")
began = time.time()

def say(state, done, words="", result=""):
    said = dict(format=1, state=state, words=words or f"EAP-IG, {done:,} of {total:,} pairs", done=done, total=total)
    said |= dict(shards_done=done, shards=total, rate=4.0, seconds=done + 1.0, seconds_left=(total - done) / 4)
    said |= dict(workers=1, command=arguments, result=result, pid=os.getpid(), updated=time.time())
    with open(path + ".part", "w") as file:
        json.dump(said, file)
    os.replace(path + ".part", path)

done = json.load(open(path))["done"] if os.path.exists(path) else 0
try:
    while True:
        say("running", done)
        if os.path.exists(os.path.join(folder, "fails")):
            print("wirescope: " + open(os.path.join(folder, "fails")).read(), file=sys.stderr)
            sys.exit(3)
        if os.path.exists(os.path.join(folder, "pace")):
            if done == total:
                break
            done += 1
        else:
            time.sleep(0.02)
except KeyboardInterrupt:
    say("stopped", done)
    sys.exit(130)
result = {"evaluate": "evaluation.json", "heads": "heads.json", "study": "study.html"}.get(arguments[0], "circuit.json")
if os.path.exists(os.path.join(folder, "scores")):
    shutil.copy(os.path.join(folder, "scores"), os.path.join(folder, result))
say("done", done, result=result)
"""
PROGRAM = (sys.executable, "-c", SCRIPT)


def job(folder: Path, pairs: int = 3, **values: Any) -> Job:
    """A job of this command; its folder is there."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ("trace", "--pairs", str(pairs), "--folder", str(folder))
    fields = {"traced": Traced("eap-ig"), "precision": "fp32", "model": "bundled:names", "title": folder.name}
    return Job(**{"key": folder.name, "command": command, "folder": str(folder), **fields, **values})


def go(folder: Path) -> None:
    """Let the command of a folder come to its end."""
    (folder / "pace").touch()
