"""A packed list of paths is the list that it was made of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from human_wm_env.exports import listing
from human_wm_env.exports.listing import Listing, Part

# Names of files: any character but the two, also bytes that are no UTF-8.
names = st.text(
    st.one_of(st.characters(exclude_characters="/\0"), st.just("\udcff")), min_size=1, max_size=8
)


@given(st.lists(names, max_size=30), st.integers(1, 7), st.data())
def test_it_is_a_sequence_of_its_paths(paths: list[str], block: int, data: st.DataObject) -> None:
    before, listing._BLOCK = listing._BLOCK, block
    try:
        packed = Listing(iter(paths))
        assert len(packed) == len(paths) and list(packed) == paths
        assert [packed[place] for place in range(-len(paths), len(paths))] == paths * 2
        cut = data.draw(st.slices(len(paths)))
        assert packed[cut] == paths[cut]
        chosen = sorted(data.draw(st.sets(st.integers(0, max(len(paths) - 1, 0)))))
        part = Part(packed)
        for place in chosen if paths else ():
            part.add(place)
        assert list(part) == [paths[place] for place in chosen if paths]
    finally:
        listing._BLOCK = before


def test_the_names_of_many_people_take_little() -> None:
    paths = [
        f"p{person:04}/steps-2020-{month:02}-01.json" for person in range(9) for month in range(999)
    ]
    packed = Listing(paths)
    assert sum(map(len, packed._blocks)) < sum(map(len, paths)) / 5
    part = Part(packed)
    for place in range(100, 5000):
        part.add(place)
    assert part._runs == [range(100, 5000)]
