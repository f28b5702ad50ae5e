"""Exports of trackers and diaries: one small file a format, one table of days for all of them."""
