"""Every tab of TensorBoard on the run of a demo, in a real browser.

Renews the pictures of the docs: python -m tests.human_wm_cli.dashboard.tabs runs/demo docs/images
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.human_wm_cli.dashboard.browser import Browser

#: by tab: what follows its name in the address, and words that it has to show
TABS = {
    "timeseries": ("", ["Pinned", "Scalars", "Image", "Histogram"]),
    "scalars": (
        "&tagFilter=measured%2F(return%7Cover)",
        ["measured/return", "measured/over_habit", "agent_in_dream", "agent_in_simulator"],
    ),
    "custom_scalars": (
        "",
        ["Agent", "World model", "Return in the dream and in the simulator", "Matches (2)"],
    ),
    "images": ("&tagFilter=futures%2F", ["futures/p", "bands of 500 draws", "picture"]),
    "distributions": ("&tagFilter=sleep", ["advice/sleep_hours", "agent_in_dream"]),
    "histograms": ("&tagFilter=return%2F", ["return/habit", "evaluation_in_simulator"]),
    "text": ("&tagFilter=verdict", ["best_constant", "return in simulator", "PPO in the dream"]),
    "hparams": ("", ["Trial ID", "training.nets.epochs", "agent.algorithm", "ppo"]),
    "projector": ("", ["Points:", "tensors found", "people.tsv"]),
}
# Colours people in the projector by what is known of them.
COLOUR = """
(() => {
  const find = node => {
    if (node.nodeName === 'VZ-PROJECTOR-DATA-PANEL') return node;
    const inside = [node.shadowRoot, node.contentDocument].filter(each => each);
    for (const child of [...inside, ...node.childNodes]) {
      const found = find(child);
      if (found) return found;
    }
  };
  find(document.body).selectedColorOptionName = 'sleep_habit_hours';
})()
"""


@contextlib.contextmanager
def server(folder: Path) -> Iterator[str]:
    """Serve the events of a folder on the loopback; yields the address."""
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder)]
    command += ["--host", "127.0.0.1", "--port", "0", "--load_fast", "false"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            said = ""
            for line in process.stderr:
                said += line
                if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                    yield found.group()
                    break
            else:
                raise AssertionError(f"TensorBoard did not start:\n{said}")
        finally:
            process.terminate()


def open_tabs(run: Path, pictures: Path) -> None:
    """Open every tab on a run of the demo, and save a picture of each.

    Raises:
        TimeoutError: a tab does not show what it has to.
    """
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        server(run / "tensorboard") as address,
        Browser(Path(profile), (1280, 720)) as browser,
    ):
        for tab, (state, words) in TABS.items():
            browser.open(f"{address}/#{tab}{state}")
            browser.wait_for(*words)
            if tab == "projector":
                browser.run(COLOUR)
                browser.wait_for("sleep_habit_hours")
            browser.settle()
            browser.picture(pictures / f"dashboard_{tab}.png")


if __name__ == "__main__":
    open_tabs(Path(sys.argv[1]), Path(sys.argv[2]))
