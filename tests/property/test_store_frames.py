"""The journal's format: any cut reads as a prefix, and what entries add up to does not depend on where they are cut."""

from hypothesis import given, settings
from hypothesis import strategies as st

from vorzimmer.store.frames import Entry, fold, frame, read

KEYS = st.sampled_from(["a", "b", "c"])
ENTRIES = st.lists(
    st.builds(Entry, st.sampled_from(["state", "gone", "record", "future-kind"]), KEYS, st.binary(max_size=20)),
    max_size=12,
)


@settings(max_examples=100, deadline=None)
@given(ENTRIES, st.data())
def test_any_prefix_cut_of_the_file_replays_to_a_prefix(entries: list[Entry], data: st.DataObject) -> None:
    frames = [frame(entry) for entry in entries]
    whole = b"".join(frames)
    cut = data.draw(st.integers(0, len(whole)))
    found = list(read(whole[:cut]))
    assert found == entries[: len(found)]
    assert sum(len(piece) for piece in frames[: len(found) + 1]) > cut or len(found) == len(entries)


@settings(max_examples=100, deadline=None)
@given(ENTRIES, st.data())
def test_a_damaged_byte_ends_the_reading_and_invents_nothing(entries: list[Entry], data: st.DataObject) -> None:
    whole = bytearray(b"".join(frame(entry) for entry in entries))
    if whole:
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    found = list(read(bytes(whole)))
    assert found == entries[: len(found)]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_garbage_reads_as_nothing_or_as_entries(garbage: bytes) -> None:
    assert all(isinstance(entry, Entry) for entry in read(garbage))


@settings(max_examples=200, deadline=None)
@given(ENTRIES, st.integers(0, 12))
def test_folding_in_two_parts_is_folding_at_once(entries: list[Entry], cut: int) -> None:
    parts = fold(entries[:cut]).then(fold(entries[cut:]))
    assert parts == fold(entries)


@settings(max_examples=100, deadline=None)
@given(ENTRIES)
def test_a_call_has_its_first_record_and_then_no_state(entries: list[Entry]) -> None:
    survivors = fold(entries)
    for entry in entries:
        if entry.kind == "record":
            first = next(other for other in entries if other.kind == "record" and other.key == entry.key)
            assert survivors.records[entry.key] == first.value
            assert survivors.states[entry.key] is None
