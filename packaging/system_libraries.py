"""The system packages that Wirescope needs on Debian and Ubuntu: which are missing, and installing them.

A library is looked for by loading it, not by asking dpkg, so that the answer also holds for libraries that came
another way. As root the missing packages are installed; anybody else is shown the one line that does it. Needs nothing
but Python's standard library.

    python3 packaging/system_libraries.py [--window] [--tests]
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys

# Qt's core, and its offscreen platform: needed even where there is no display.
QT = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
}

# Qt's xcb platform: a window on a display.
WINDOW = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}

# The test of a real window: a display without a screen, and a mouse for it.
TEST_COMMANDS = {"Xvfb": "xvfb", "xvfb-run": "xvfb", "xauth": "xauth", "xdotool": "xdotool"}


def loads(library: str) -> bool:
    """Whether the dynamic linker finds the library with all that it needs itself."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing_packages(window: bool, tests: bool) -> list[str]:
    """The Debian packages that are missing for a venv, for Qt and, as asked, for a real window and its tests."""
    packages = []
    importlib.invalidate_caches()
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        packages.append(f"python{sys.version_info.major}.{sys.version_info.minor}-venv")
    if sys.platform.startswith("linux"):
        libraries = {**QT, **(WINDOW if window or tests else {})}
        packages += [package for library, package in libraries.items() if not loads(library)]
        packages += [p for command, p in TEST_COMMANDS.items() if tests and shutil.which(command) is None]
    return list(dict.fromkeys(packages))


def ensure_packages(window: bool, tests: bool) -> None:
    """Install what is missing when root. Otherwise, or where there is no apt-get, end the program with what to do."""
    packages = missing_packages(window, tests)
    if not packages:
        return
    if shutil.which("apt-get") is None:
        sys.exit(
            "Wirescope needs system libraries that are missing here. Their Debian packages are called\n\n"
            f"    {' '.join(packages)}\n\n"
            "Please install your system's packages of the same content, then run the command again."
        )
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if os.geteuid() != 0:
        sys.exit(
            "Wirescope needs system packages that are missing here. Please run\n\n"
            f"    sudo apt-get update && sudo {' '.join(install)}\n\nand then the command again."
        )
    print(f"Installing system packages: {' '.join(packages)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-q"], install):
        # Another program may hold dpkg's lock for a while, as the nightly upgrade does.
        patient = [command[0], "-o", "DPkg::Lock::Timeout=300", *command[1:]]
        if subprocess.run(patient, env=environment, stdin=subprocess.DEVNULL, check=False).returncode != 0:
            sys.exit(f"Could not install the system packages: `{' '.join(command)}` failed, see above.")
    still_missing = missing_packages(window, tests)
    if still_missing:
        sys.exit(f"Installed, but still not usable: {' '.join(still_missing)}.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--window", action="store_true", help="also what a window on a display needs")
    parser.add_argument("--tests", action="store_true", help="also what the tests of a real window need")
    arguments = parser.parse_args()
    ensure_packages(arguments.window, arguments.tests)


if __name__ == "__main__":
    main()
