"""A headless Chromium, driven over a pipe by its DevTools protocol: no port, no other package."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from itertools import count
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
needs_chromium = pytest.mark.skipif(
    not CHROMIUM or os.name == "nt", reason="needs Chromium: `apt-get install chromium` on Debian"
)


class Browser:
    """One page. Messages are JSON that ends with a null character; what comes between an order and its answer are
    events, kept in `events`."""

    def __init__(self, profile: Path) -> None:
        to_read, to_write = os.pipe()
        back_read, back_write = os.pipe()

        def place() -> None:  # Chromium reads orders from 3 and answers on 4
            os.dup2(to_read, 10)
            os.dup2(back_write, 11)
            os.dup2(10, 3)
            os.dup2(11, 4)

        options = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
        self._process = subprocess.Popen(
            [CHROMIUM, *options, "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"],
            preexec_fn=place,
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(back_write)
        self._orders, self._answers = os.fdopen(to_write, "wb", 0), os.fdopen(back_read, "rb", 0)
        self._rest, self._numbers = b"", count(1)
        self.events: list[dict[str, Any]] = []
        self._session = ""
        target = self.order("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.order("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.order(f"{domain}.enable")

    def order(self, method: str, **options: Any) -> dict[str, Any]:
        """Give an order and wait for its answer. Raises AssertionError where it is refused."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": options}
        message |= {"sessionId": self._session} if self._session else {}
        self._orders.write(json.dumps(message).encode() + b"\0")
        while True:
            found = self._message()
            if found.get("id") == number:
                assert "error" not in found, found
                return dict(found["result"])
            self.events.append(found)

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            content = self._answers.read(65536)
            assert content, "Chromium ended"
            self._rest += content
        line, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(line))

    def open(self, url: str) -> None:
        """Go to a page and wait until all of it is there."""
        self.events.clear()
        self.order("Page.navigate", url=url)
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._message())

    def look(self, size: tuple[int, int], scheme: str = "light", media: str = "screen") -> None:
        """size: of the window, in pixels."""
        width, height = size
        self.order("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.order("Emulation.setEmulatedMedia", media=media, features=features)

    def ask(self, script: str) -> Any:
        """The value of an expression in the page. Raises AssertionError for what it throws."""
        found = self.order("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def move(self, x: float, y: float) -> None:
        self.order("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def click(self, x: float, y: float) -> None:
        self.move(x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self.order("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            self.order("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=0)

    def complaints(self) -> list[str]:
        """What the page's console says is wrong, a refusal by the content policy among it, and what was asked of a
        network."""
        self.ask("1")  # all earlier events have come
        wrong = [str(event["params"]) for event in self.events if event.get("method") == "Log.entryAdded"]
        wrong += [str(event["params"]) for event in self.events if event.get("method") == "Runtime.exceptionThrown"]
        asked = (e["params"]["request"]["url"] for e in self.events if e.get("method") == "Network.requestWillBeSent")
        return wrong + [url for url in asked if not url.startswith(("file:", "data:"))]

    def close(self) -> None:
        self._session = ""
        self.order("Browser.close")
        self._process.wait(20)
        self._orders.close()
        self._answers.close()
