"""What is free is the least of what the machine, the control group and the process's own limits leave."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from core.free_memory import free_bytes, group_rooms

V1, V2 = "4:cpu,memory:/box/inner\n", "0::/box/inner\n"


def write(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def test_rooms_of_control_groups(tmp_path: Path) -> None:
    base = "sys/fs/cgroup/box/"
    write(
        tmp_path,
        {
            "proc/self/cgroup": V2,
            f"{base}memory.max": "1000\n",
            f"{base}memory.current": "700\n",
            f"{base}memory.stat": "anon 500\ninactive_file 120\nactive_file 30\n",
            f"{base}inner/memory.max": "max\n",
            f"{base}inner/memory.current": "700\n",
        },
    )
    assert list(group_rooms(tmp_path)) == [450]


def test_rooms_of_the_first_version(tmp_path: Path) -> None:
    base = "sys/fs/cgroup/memory/box/inner/"
    write(
        tmp_path,
        {
            "proc/self/cgroup": V1,
            f"{base}memory.limit_in_bytes": "1000\n",
            f"{base}memory.usage_in_bytes": "900\n",
        },
    )
    assert list(group_rooms(tmp_path)) == [100]
    assert list(group_rooms(tmp_path / "nowhere")) == []


def test_no_more_than_the_machine_has() -> None:
    assert 0 < free_bytes() <= psutil.virtual_memory().total


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of a process are kept on Linux")
def test_a_limit_of_the_process_counts() -> None:
    program = (
        "import resource, psutil; from core.free_memory import free_bytes;"
        "data = psutil.Process().memory_info().data;"
        "resource.setrlimit(resource.RLIMIT_DATA, (data + 50 * 2**20,) * 2);"
        "print(free_bytes() / 2**20)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert 40 < float(told) <= 50
