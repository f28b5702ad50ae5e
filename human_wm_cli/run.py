"""The folder that a run leaves behind: configuration, metrics, figures, checkpoint."""

from __future__ import annotations

import contextlib
import errno
import itertools
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from human_wm_cli.config import to_dict, to_yaml
from human_wm_cli.console import Row, markdown_rows, to_json
from human_wm_cli.dashboard import Dashboard
from human_wm_env import CheckpointError, ConfigError, HumanWMError
from human_wm_env.files.writing import DRAFT, locked, write_whole

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from matplotlib.figure import Figure

CONFIG, METRICS, CHECKPOINT = "config.yaml", "metrics.json", "checkpoint"
FIGURES, EVENTS = "figures", "tensorboard"
TRAINING_STATE, AGENT = "training_state", "agent"
EXPERIMENTS, TABLE = "experiments", "table.md"
PAGE, TRIALS = "page.md", "trials"
EPISODES, ROUNDS, CARD = "episodes", "rounds", "card.txt"
OWN_ENTRIES = (
    *(CONFIG, METRICS, CHECKPOINT, FIGURES, EVENTS),
    *(TRAINING_STATE, AGENT, EXPERIMENTS, TABLE, PAGE, TRIALS),
    *(EPISODES, ROUNDS, CARD),
)
ROOT = "runs"


@dataclass(frozen=True)
class RunConfig:
    """Where a run is kept: the group `run` of every command that keeps one.

    Attributes:
        root: the folder of all runs.
        name: this run's folder in it; None is the command's name and the UTC time.
        resume: go on in an existing folder, and keep what it holds.
        overwrite: start anew in an existing folder; only a run's own entries go.
    """

    root: str = ROOT
    name: str | None = None
    resume: bool = False
    overwrite: bool = False


class RunFolder:
    """Create `<root>/<name>/` and save the configuration in it.

    A context manager: leaving it closes the dashboard. While it is open no other process can take
    the folder. A resumed run that is refused, by a CheckpointError or ConfigError, leaves the
    configuration that the folder had; a new one that fails before it has anything to go on with
    leaves no folder.

    Args:
        command: its name, the start of a default name.
        config: the resolved configuration, a dataclass.
        run: root, name, and what to do if the folder exists.

    Raises:
        ConfigError: the name is not a plain folder name; the folder exists and
            neither `resume` nor `overwrite` is set, or both are; it is not a run's
            folder; or another process is at work on it.
    """

    def __init__(self, command: str, config: DataclassInstance, run: RunConfig) -> None:
        if run.resume and run.overwrite:
            raise ConfigError(
                "run.resume or run.overwrite", "both", "Go on with a run, or start it anew."
            )
        self._held = contextlib.ExitStack()
        self.path = _create(command, run, self._held)
        file = self.path / CONFIG
        self._config_before = file.read_text(encoding="utf-8") if file.is_file() else None
        write_whole(file, to_yaml(config).encode())  # first: without it the folder is no run's
        self.dashboard = Dashboard(self.path / EVENTS)
        self._config, self._is_judged = config, False

    @property
    def was_interrupted(self) -> bool:
        """Whether a run was in the folder, and stopped before its end."""
        return self._config_before is not None and not (self.path / METRICS).is_file()

    @property
    def checkpoint_path(self) -> Path:
        """The folder for the checkpoint; whoever exports one creates it."""
        return self.path / CHECKPOINT

    def figure_path(self, name: str) -> Path:
        """Give the path of the figure `name`, a PNG unless the name ends otherwise."""
        _require_plain(name, "a figure's name")
        folder = self.path / FIGURES
        folder.mkdir(exist_ok=True)
        return folder / (name if Path(name).suffix in (".png", ".svg", ".pdf") else f"{name}.png")

    def figure(
        self, name: str, figure: Figure, *, about: str = "", dpi: float | None = None
    ) -> Path:
        """Save a figure and show it on the dashboard; returns its path."""
        file = self.figure_path(name)
        figure.savefig(file, dpi=dpi or figure.dpi)
        self.dashboard.figure(name, figure, about=about)
        return file

    def table(self, name: str, rows: Sequence[Row], title: str = "") -> None:
        """Show a table on the dashboard."""
        self.dashboard.text(name, f"{title.strip()}\n\n{markdown_rows(rows)}")

    def conclude(self, numbers: Mapping[str, float | None]) -> None:
        """Put the settings and the numbers that the run is judged by beside those of other runs.

        Another call adds numbers.

        Args:
            numbers: by name; None where there is nothing to report.
        """
        if not self._is_judged:
            settings = to_dict(self._config)
            kept = {key: value for key, value in settings.items() if key not in ("run", "json")}
            self.dashboard.settings(kept, self.path.name)
            self._is_judged = True
        self.dashboard.verdict({k: value for k, value in numbers.items() if value is not None})

    def write_metrics(self, metrics: Mapping[str, object]) -> Path:
        """Write `metrics.json`, floats exactly; whole or not at all.

        Raises:
            DataError: NaN or infinity, or something that JSON cannot hold.
        """
        file = self.path / METRICS
        write_whole(file, f"{to_json(metrics)}\n".encode())
        return file

    def close(self) -> None:
        """Close the dashboard, and let other processes go on with the run."""
        self.dashboard.close()
        self._held.close()

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, KeyboardInterrupt | OSError):
            root = "" if self.path.parent == Path(ROOT) else f"run.root={self.path.parent} "
            error.add_note(f"Go on with it: {root}run.name={self.path.name} run.resume=true.")
        if kind is None and self._is_judged:
            self.dashboard.finish()
        self.close()
        if self._config_before is not None and isinstance(error, CheckpointError | ConfigError):
            write_whole(self.path / CONFIG, self._config_before.encode())
        if self._config_before is None and isinstance(error, HumanWMError):
            self._leave_nothing_empty()

    def _leave_nothing_empty(self) -> None:
        """Remove the folder of a new run that wrote nothing but its configuration and events."""
        figures = self.path / FIGURES
        made = {entry.name for entry in self.path.iterdir()}
        if made <= {CONFIG, EVENTS, FIGURES} and not (figures.is_dir() and any(figures.iterdir())):
            shutil.rmtree(self.path)


def _create(command: str, run: RunConfig, held: contextlib.ExitStack) -> Path:
    """Make or take over the folder of a run; `held` holds its lock from then on."""
    root = Path(run.root)
    with _named_as("run.root", root):
        root.mkdir(parents=True, exist_ok=True)
    if run.name is None:
        if run.resume or run.overwrite:
            raise ConfigError("run.name of the run to go on with", "none", "Give run.name=NAME.")
        path = _create_fresh(root, f"{command}-{datetime.now(UTC):%Y%m%d-%H%M%S}")
        held.enter_context(locked(path))
        return path
    _require_plain(run.name, "run.name")
    path = root / run.name
    with _named_as("run.name", path):
        try:
            path.mkdir()
        except FileExistsError:
            _require_permission(path, run)
    if not held.enter_context(locked(path)):
        held.close()
        raise ConfigError(
            f"a run in {path} that is over",
            "one that another process is at work on",
            "Wait for it or stop it, or choose another run.name.",
        )
    if run.overwrite:
        for entry in OWN_ENTRIES:
            _remove(path / entry)
    return path


@contextlib.contextmanager
def _named_as(setting: str, path: Path) -> Iterator[None]:
    """Refuse a folder that cannot be made by the name of its setting; rights are the disk's."""
    try:
        yield
    except PermissionError:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EROFS):
            raise
        raise ConfigError(
            f"{setting} as a folder that can be made",
            f"{path} ({error.strerror})",
            "Choose another one.",
        ) from error


def _create_fresh(root: Path, stem: str) -> Path:
    """Make a new folder, numbered if another run began in the same second."""
    for number in itertools.count(1):
        path = root / (stem if number == 1 else f"{stem}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return path
    raise AssertionError("itertools.count never ends")


def _require_permission(path: Path, run: RunConfig) -> None:
    if not (run.resume or run.overwrite):
        raise ConfigError(
            "a new run.name",
            f"{run.name!r}, which exists in {run.root}",
            "Choose another name, or set run.resume=true or run.overwrite=true.",
        )
    holds = path.is_dir() and any(not each.name.startswith(DRAFT) for each in path.iterdir())
    if not path.is_dir() or (holds and not (path / CONFIG).is_file()):
        raise ConfigError(
            "the folder of a run", f"{path}, which has no {CONFIG}", "Choose another run.name."
        )


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink(missing_ok=True)


def _require_plain(name: str, what: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*", name):
        raise ConfigError(
            f"letters, digits and _ . + - in {what}", repr(name), "Choose a plain name."
        )
