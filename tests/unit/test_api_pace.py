"""Rate limits: a burst, then so many a second; nobody pays for somebody else."""

import pytest
from tests.api_rig import Rig, with_rig

from vorzimmer.api.pace import AT_ONCE, Pace
from vorzimmer.api.principal import Principal
from vorzimmer.api.problems import ApiError

ANNA, BEA = Principal("user", "musterbau", "anna"), Principal("user", "musterbau", "bea")


def test_a_bucket_empties_and_fills_again() -> None:
    pace = Pace(10, 3)
    for _ in range(3):
        pace.take(ANNA, 0.0)
    with pytest.raises(ApiError) as refused:
        pace.take(ANNA, 0.0)
    assert (refused.value.name, refused.value.headers) == ("too-many", {"Retry-After": "1"})
    pace.take(BEA, 0.0)
    pace.take(ANNA, 0.1)
    with pytest.raises(ApiError):
        pace.take(ANNA, 0.1)
    for _ in range(3):
        pace.take(ANNA, 100.0)
    with pytest.raises(ApiError):
        pace.take(ANNA, 100.0)


def test_the_operator_is_not_limited() -> None:
    pace = Pace(1, 1)
    for _ in range(5):
        pace.take(Principal("provider", session="operator"), 0.0)


def test_too_many_requests_are_a_problem_until_time_has_passed() -> None:
    async def scenario(rig: Rig) -> None:
        codes = [(await rig.ask("anna", "GET", "/me")).status_code for _ in range(int(AT_ONCE) + 2)]
        assert codes.count(429) == 2
        assert (await rig.ask("admin", "GET", "/me")).status_code == 200
        rig.clock.seconds += 1
        assert (await rig.ask("anna", "GET", "/me")).status_code == 200

    with_rig(scenario)
