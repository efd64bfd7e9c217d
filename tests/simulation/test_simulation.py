"""The whole PBX in virtual time: a fixed set of seeds, each a run. ``soak`` runs as many as there is time."""

import pytest
from tests.simulation.scenario import play

SEEDS = range(5, 17)


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_people_and_weather_do_nothing_is_left_and_every_call_has_one_record(seed: int) -> None:
    assert play(seed).calls > 0


def test_a_run_depends_on_nothing_but_its_seed() -> None:
    assert play(3).ladder == play(3).ladder


def test_runs_answer_calls_and_calls_outlive_a_killed_server() -> None:
    played = [play(seed) for seed in range(12, 16)]
    assert sum(each.answered for each in played) > 20
    assert sum(each.kills for each in played) > 5
    assert any(each.survivors for each in played)
