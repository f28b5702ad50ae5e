"""Readers of log files: one module per format, each returns a `LogDataset` and a report."""

from human_wm_env.data.importers.daily_csv import Imported, read_daily_csv
from human_wm_env.data.importers.import_report import ImportReport, OutsideBounds

__all__ = ["ImportReport", "Imported", "OutsideBounds", "read_daily_csv"]
