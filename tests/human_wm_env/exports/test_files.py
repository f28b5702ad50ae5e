"""What a damaged file is called."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest

from human_wm_env import DataError, import_logs
from tests.human_wm_env.exports.formats import test_health_connect


def test_a_zip_that_was_cut_off_is_said_to_be_damaged(tmp_path: Path) -> None:
    file = tmp_path / "export.zip"
    with ZipFile(file, "w") as archive:
        archive.writestr("logs.csv", "date,steps,mood\n" + "2021-05-24,8000,Happy\n" * 100)
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(DataError, match=r"undamaged file.*zip without its end"):
        import_logs(file)


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_database_that_was_cut_off_is_said_to_be_damaged(share: float, tmp_path: Path) -> None:
    file = test_health_connect.build(tmp_path)
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DataError, match=r"undamaged file.*malformed"):
        import_logs(tmp_path)
