"""All formats, in the order in which an export is compared with them."""

from __future__ import annotations

from human_wm_env.errors import DataError
from human_wm_env.exports.files import Export
from human_wm_env.exports.formats.apple_health import AppleHealth
from human_wm_env.exports.formats.daily_table import DailyTable
from human_wm_env.exports.formats.daylio import Daylio
from human_wm_env.exports.formats.fitabase import Fitabase
from human_wm_env.exports.formats.fitbit import Fitbit
from human_wm_env.exports.formats.folder_of_logs import FolderOfLogs
from human_wm_env.exports.formats.format import Format
from human_wm_env.exports.formats.garmin import Garmin
from human_wm_env.exports.formats.google_fit import GoogleFit
from human_wm_env.exports.formats.health_connect import HealthConnect
from human_wm_env.exports.formats.lifesnaps import LifeSnaps
from human_wm_env.exports.formats.long_table import LongTable
from human_wm_env.exports.formats.mi_fit import MiFit
from human_wm_env.exports.formats.npz import Npz
from human_wm_env.exports.formats.oura import Oura
from human_wm_env.exports.formats.samsung_health import SamsungHealth
from human_wm_env.exports.formats.whoop import Whoop
from human_wm_env.exports.tables import is_table, names_of
from human_wm_env.settings import one_of

DAILY = DailyTable()
FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        FolderOfLogs(),
        DAILY,
        LongTable(),
        Npz(),
        Fitbit(),
        AppleHealth(),
        Garmin(),
        Fitabase(),
        LifeSnaps(),
        HealthConnect(),
        Whoop(),
        Oura(),
        Daylio(),
        GoogleFit(),
        MiFit(),
        SamsungHealth(),
    )
}


def format_of(export: Export, name: str | None = None) -> Format:
    """Return the format of an export: the one named, or the one whose content it has.

    Raises:
        ConfigError: the name is unknown.
        DataError: no format, or several, recognise the export.
    """
    if name is not None:
        return FORMATS[one_of(name, FORMATS, "format")]
    found = [one for one in FORMATS.values() if one.recognise(export)]
    if not found and DAILY.recognise_names_of_apps(export):
        found = [DAILY]
    if len(found) == 1:
        return found[0]
    if found:
        raise DataError(
            "an export of one vendor",
            f"{export.path.name}, which has files of {' and '.join(one.name for one in found)}",
            f"Name each with its own path, or format={found[0].name}.",
        )
    some = ", ".join(export.paths[:3]) or "no regular file"
    for path in export.paths:
        if is_table(export, path):
            columns = ", ".join(names_of(export, path)[:20]) or "none"
            raise DataError(
                "a table with a date and a feature, or another export of one of: "
                + ", ".join(FORMATS),
                f"{path} with the columns {columns}",
                "Name ours by theirs: format=daily map=FILE, a YAML file such as "
                "`columns: {Datum: date, Schlaf: sleep_hours (min)}`.",
            )
    raise DataError(
        f"an export of one of: {', '.join(FORMATS)}",
        f"{export.path.name} ({some}), which none of them recognises by its content",
        "Name the folder or zip as the vendor gives it, or the format with format=...",
    )
