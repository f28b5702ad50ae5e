"""What holds of every command that is tested here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from human_wm_cli import console


@pytest.fixture(autouse=True)
def no_table_is_wider_than_the_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Check each table that a command prints, but for those that name a file's whole path."""
    folder = str(tmp_path_factory.getbasetemp())
    write = console.table
    lines: list[str] = []

    def noted(*arguments, **settings) -> str:  # type: ignore[no-untyped-def]
        text = write(*arguments, **settings)
        # Printed; tables in files have a page of their own.
        if settings.get("width") and folder not in text:
            lines.extend(text.splitlines())
        return text

    monkeypatch.setattr(console, "table", noted)
    yield
    assert [line for line in lines if len(line) > console.PRINTED_WIDTH] == []
