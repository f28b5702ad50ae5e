"""People in latent space, for TensorBoard's projector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

LEAST_WIDTH = 3  # the projector's principal components need as many
_PEOPLE, _CONFIG = "people.tsv", "projector_config.pbtxt"


def write_projector(
    folder: Path, vectors: Mapping[str, np.ndarray], people: Sequence[Mapping[str, str | float]]
) -> None:
    """Write vectors and what is known of each person, in a stage's folder.

    Args:
        folder: of the stage; TensorBoard looks there if it has events.
        vectors: by name, float (people, width >= 3).
        people: one mapping a person, the same keys in each; more than one key.
    """
    from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

    folder.mkdir(parents=True, exist_ok=True)
    columns = list(people[0])
    _write_table(folder / _PEOPLE, [columns, *([one[name] for name in columns] for one in people)])
    config = ProjectorConfig()
    for name, values in vectors.items():
        file = f"{name}.tsv"
        _write_table(folder / file, values.tolist())
        config.embeddings.add(tensor_name=name, tensor_path=file, metadata_path=_PEOPLE)
    (folder / _CONFIG).write_text(str(config), encoding="utf-8")  # protobuf's text format


def _write_table(file: Path, lines: Sequence[Sequence[str | float]]) -> None:
    text = "".join("\t".join(_cell(value) for value in line) + "\n" for line in lines)
    file.write_text(text, encoding="utf-8")


def _cell(value: str | float) -> str:
    return " ".join(value.split()) if isinstance(value, str) else f"{value:.5g}"
