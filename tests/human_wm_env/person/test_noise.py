from __future__ import annotations

from human_wm_env.person.noise import SHARED_UNIFORMS, columns


def test_columns_stand_side_by_side() -> None:
    found, after = columns(SHARED_UNIFORMS, mood=1, rows=4, last=2)
    assert found == {"mood": slice(3, 4), "rows": slice(4, 8), "last": slice(8, 10)}
    assert after == 10
    assert columns(5) == ({}, 5)
