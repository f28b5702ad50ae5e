"""A headless Chromium, spoken to through its DevTools pipe: no driver and no library is needed."""

from __future__ import annotations

import base64
import fcntl
import itertools
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# The pipe's ends in the browser, as its DevTools protocol has them.
READ, WRITE = 3, 4
PATIENCE_S = 60.0
# The text of a page, with shadow roots and frames, of which TensorBoard is made; a picture that
# was loaded is a word.
TEXT = """
(() => {
  const parts = [];
  const walk = node => {
    if (node.nodeType === 3) { if (node.data.trim()) parts.push(node.data.trim()); return; }
    if (['STYLE', 'SCRIPT', 'TEMPLATE'].includes(node.nodeName)) return;
    if (node.nodeName === 'IMG' && node.naturalWidth > 1) parts.push('picture');
    if (node.contentDocument) walk(node.contentDocument.body);
    if (node.shadowRoot) walk(node.shadowRoot);
    for (const child of node.childNodes) walk(child);
  };
  walk(document.body);
  return parts.join('\\n');
})()
"""


def chromium() -> str | None:
    """Return the path of a Chromium, None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """A context manager with one page.

    Args:
        folder: for its profile.
        size: of the window, in pixels.
    """

    def __init__(self, folder: Path, size: tuple[int, int] = (1280, 800)) -> None:
        executable = chromium()
        assert executable is not None
        there, self._to = os.pipe()
        self._from, back = os.pipe()
        # Above 9, so that neither is overwritten before it is copied.
        reading, writing = (fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (there, back))

        def connect() -> None:
            os.dup2(reading, READ)
            os.dup2(writing, WRITE)

        self._process = subprocess.Popen(
            [
                executable,
                *("--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--no-first-run"),
                *("--disable-dev-shm-usage", "--hide-scrollbars", "--disable-extensions"),
                *("--use-angle=swiftshader", "--enable-unsafe-swiftshader"),  # WebGL, no GPU
                *(f"--user-data-dir={folder}", f"--window-size={size[0]},{size[1]}"),
                "about:blank",
            ],
            preexec_fn=connect,
            pass_fds=(READ, WRITE),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for fd in (there, back, reading, writing):
            os.close(fd)
        self._ids, self._buffer, self._session = itertools.count(1), b"", ""
        targets = self._call("Target.getTargets")["targetInfos"]
        page = next(each["targetId"] for each in targets if each["type"] == "page")
        attached = self._call("Target.attachToTarget", targetId=page, flatten=True)
        self._session = attached["sessionId"]

    def open(self, address: str) -> None:
        """Go to an address, by way of an empty page: another fragment alone loads nothing."""
        self._call("Page.navigate", url="about:blank")
        self._call("Page.navigate", url=address)

    def text(self) -> str:
        """Return all text of the page."""
        return str(self.run(TEXT))

    def run(self, code: str) -> Any:
        """Return the value of a JavaScript expression."""
        result = self._call("Runtime.evaluate", expression=code, returnByValue=True)
        return result["result"].get("value")

    def wait_for(self, *words: str) -> str:
        """Return the page's text once it holds all of the words.

        Raises:
            TimeoutError: some of them never came.
        """
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            seen = self.text()
            missing = [word for word in words if word not in seen]
            if not missing:
                return seen
            time.sleep(0.3)
        raise TimeoutError(f"{missing} not in the page:\n{seen}")

    def settle(self, seconds: float = 2.0) -> None:
        """Let drawings finish that no text tells of."""
        time.sleep(seconds)

    def picture(self, file: Path) -> None:
        """Save what the window shows as a PNG."""
        shot = self._call("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(shot["data"]))

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._ids)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._from], [], [], PATIENCE_S)
            data = os.read(self._from, 1 << 16) if ready else b""
            if not data:
                raise TimeoutError("the browser does not answer")
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        return dict(json.loads(message))
