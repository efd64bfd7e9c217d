"""The checks of the simulation are worth something: each seeded fault is caught, and told with seed and ladder."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.simulation import soak
from tests.simulation.checks import WatchedMedia
from tests.simulation.scenario import Plan, SeedFailedError, play

from vorzimmer.app.exchange import Whereabouts
from vorzimmer.calls.board import Switchboard
from vorzimmer.calls.live import Live
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.port import Statistics
from vorzimmer.store.journal import Journal

SEEDS = range(1, 6)


def caught(plan: Plan | None = None) -> str:
    """What the first failing seed says; a fault that no seed finds is a failure of the checks."""
    for seed in SEEDS:
        try:
            play(seed, plan)
        except SeedFailedError as error:
            return told(str(error), seed)
    raise AssertionError("no seed has found the fault")


def told(text: str, seed: int) -> str:
    """The first line of a failure that names its seed and shows a ladder."""
    assert f"seed {seed}" in text
    assert "INVITE" in text, "no ladder"
    return text.splitlines()[0]


class ForgetfulMedia(WatchedMedia):
    """Loses every seventh Close."""

    closes = 0

    async def close(self, endpoint: EndpointId) -> Statistics:
        self.closes += 1
        return Statistics() if self.closes % 7 == 0 else await super().close(endpoint)


def test_a_close_that_is_dropped_is_a_leak() -> None:
    assert "endpoints left open" in caught(Plan(kills=False, media=ForgetfulMedia))


def sometimes(monkeypatch: pytest.MonkeyPatch, where: type, name: str, fault: Callable[..., Any], every: int) -> None:
    """Every so manieth call of a method is done by `fault` instead; it gets the real method first."""
    real = getattr(where, name)
    count = 0

    def method(self: Any, *args: Any, **named: Any) -> Any:
        nonlocal count
        count += 1
        return fault(real, self, *args, **named) if count % every == 0 else real(self, *args, **named)

    monkeypatch.setattr(where, name, method)


def nothing(real: Any, *args: Any, **named: Any) -> None:
    """The fault of not doing it."""


def twice(real: Any, *args: Any, **named: Any) -> None:
    """The fault of doing it twice."""
    real(*args, **named)
    real(*args, **named)


@pytest.mark.sources
def test_a_record_that_is_not_written_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(real: Any, journal: Any, kind: str, key: str, value: bytes) -> None:
        if kind != "record":
            real(journal, kind, key, value)

    sometimes(monkeypatch, Journal, "append", fault, 3)
    assert "without a record" in caught()


@pytest.mark.sources
def test_a_record_that_is_written_twice_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    sometimes(monkeypatch, Journal, "append", twice, 3)
    assert "more than one record" in caught()


@pytest.mark.sources
def test_a_leg_that_is_not_given_up_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    sometimes(monkeypatch, Switchboard, "disown", nothing, 9)
    assert "the switchboard holds" in caught()


@pytest.mark.sources
def test_a_call_that_does_not_survive_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    sometimes(monkeypatch, Live, "note", nothing, 1)
    assert "did not survive" in caught(Plan(outages=False)) or "without a record" in caught(Plan(outages=False))


@pytest.mark.sources
def test_companies_that_meet_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(real: Any, where: Any, company: str, device: str) -> Any:
        return real(where, "sued" if company == "nord" else "nord", device)

    sometimes(monkeypatch, Whereabouts, "contacts", fault, 4)
    assert "companies met" in caught()


@pytest.mark.sources
def test_the_soak_says_what_failed_how_to_repeat_it_and_exits_with_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: list[str] = []
    common = ["--seed", "1", "--jobs", "1", "--out", str(tmp_path)]
    assert soak.main(["--seconds", "0", *common], told.append) == 0
    assert "1 seeds" in told[-1]
    sometimes(monkeypatch, Switchboard, "disown", nothing, 2)
    assert soak.main(["--seeds", "2", *common], told.append) == 1
    found, *_ = re.findall(r"seed (\d+) failed", "".join(told))
    assert f"tests.simulation.soak --seeds 1 --seed {found}" in "".join(told)
    ladder = (tmp_path / f"seed-{found}.txt").read_text(encoding="utf-8")
    assert "REGISTER" in ladder
    assert f"seed {found}: AssertionError" in ladder


def test_the_soak_spreads_its_seeds_over_processes(tmp_path: Path) -> None:
    told: list[str] = []
    assert soak.main(["--seeds", "2", "--seed", "3", "--jobs", "2", "--out", str(tmp_path)], told.append) == 0
    assert "2 seeds" in told[-1]
