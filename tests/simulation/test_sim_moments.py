"""Killed after any message of a story, the server goes on: one record a call, nothing left, nobody stuck."""

import pytest
from tests.simulation.moments import STORIES, tell


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("cut", [False, True])
def test_a_kill_after_any_message_leaves_nothing(name: str, cut: bool) -> None:
    """Every seventeenth moment here, each story with another offset; the soak takes them all."""
    story = STORIES[name]
    messages = tell(story, None)
    assert messages > 15
    for after in range(1 + len(name) % 11 + 5 * cut, messages + 1, 17):
        tell(story, after, cut=cut)


def test_a_party_that_comes_back_is_in_one_call_only() -> None:
    """The moment at which a failed transfer has just brought everybody together."""
    for after in range(21, 24):
        tell(STORIES["failed"], after)
