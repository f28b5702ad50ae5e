"""How numbers of things are said."""

from __future__ import annotations

from human_wm_env.wording import counted, counted_people


def test_one_thing_is_no_plural() -> None:
    assert [counted(number, "day") for number in (0, 1, 2)] == ["0 days", "1 day", "2 days"]
    assert counted(1, "person", "people") == "1 person"
    assert counted(3, "person", "people") == "3 people"
    assert [counted_people(number) for number in (1, 2)] == ["1 person", "2 people"]
