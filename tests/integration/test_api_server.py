"""The API of a real server: calls that a program makes, what takes away acts at once, and whatever can be sent."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.failures import FailureGroup
from tests.integration.phone_bench import PhoneBench

HOST = "127.0.0.1"
SECONDS = 15.0
"""How long whatever can be sent is sent."""
LEFT_OUT = ("/signin", "/session", "sign-in", "/file")
UNTOLD = ("ignored_auth", "positive_data_acceptance", "unsupported_method")
"""Checks that mean something else here: public endpoints answer anybody, and rules refuse what types allow."""

CALM = settings(
    deadline=None,
    database=None,
    phases=[Phase.generate],
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneBench]:
    bench = PhoneBench(tmp_path_factory.mktemp("api"))
    bench.start()
    yield bench
    bench.close()


@pytest.fixture(autouse=True)
def _hang_up(bench: PhoneBench) -> Iterator[None]:
    bench.run(bench.mark())
    yield
    bench.run(bench.hang_up())


def token(bench: PhoneBench) -> str:
    path = bench.server.state / "api.token"
    assert path.stat().st_mode & 0o777 == 0o600
    return path.read_text().strip()


class Company:
    """The API of the demo company, as the provider."""

    def __init__(self, bench: PhoneBench) -> None:
        headers = {"Authorization": f"Bearer {token(bench)}", "Accept-Language": "en"}
        base = f"http://{HOST}:{bench.server.http_port}/api/v1/companies/musterbau"
        self.client = {"base_url": base, "headers": headers, "trust_env": False}

    async def ask(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        async with httpx.AsyncClient(**self.client) as http:
            answer = await http.request(method, path, **more)
        assert answer.status_code == status, (method, path, answer.text)
        return answer.json()


def test_a_program_dials_holds_and_hangs_up_and_the_history_says_why(bench: PhoneBench) -> None:
    async def main() -> None:
        company = Company(bench)
        anna, carl = await bench.phone("anna-tisch"), await bench.phone("carl-tisch")
        begun = await company.ask("POST", "/calls", 202, json={"to": "141", "person": "user:anna"})
        (await anna.rung()).answer()
        (await carl.rung()).answer()
        await carl.until(lambda: carl.phone.last.talking)
        path = f"/calls/{begun['call']}"
        person = {"person": "user:anna"}
        await company.ask("POST", f"{path}/hold", 202, json=person)
        held = await company.ask("GET", path)
        assert (held["state"], held["from"]["ref"]) == ("held", "user:anna")
        assert (await company.ask("GET", f"{path}/explanation"))["plan"][0]["outcome"] == "answered"
        await company.ask("POST", f"{path}/resume", 202, json=person)
        states = {row["ref"]: row["state"] for row in (await company.ask("GET", "/presence"))["items"]}
        assert (states["user:anna"], states["user:carl"]) == ("talking", "talking")
        await company.ask("POST", f"{path}/hangup", 202, json=person)
        await carl.until(lambda: carl.phone.last.over)
        await bench.records(1)
        (row,) = (await company.ask("GET", "/history?person=user:carl"))["items"]
        assert (row["id"], row["answered_by"]["ref"]) == (begun["call"], "user:carl")
        told = await company.ask("GET", f"/history/{row['id']}/explanation")
        assert told["plan"][0]["outcome"] == "answered"
        assert told["story"]
        trace = await company.ask("GET", f"/history/{row['id']}/trace")
        assert any("INVITE" in line for line in trace["lines"])
        preview = await company.ask("POST", "/explain", json={"from": "+493023125222", "to": "141"})
        assert preview["plan"]

    bench.run(main())


def test_a_new_password_and_a_device_that_is_switched_off_end_registrations_at_once(bench: PhoneBench) -> None:
    async def main() -> None:
        company = Company(bench)
        dora, emil = await bench.phone("dora-tisch"), await bench.phone("emil-tisch")
        rows = (await company.ask("GET", "/registrations?device=dora-tisch"))["items"]
        assert [(row["owner"], row["transport"]) for row in rows] == [("user:dora", "udp")]
        await company.ask("POST", "/devices/dora-tisch/password")
        switched = {"json": {"enabled": False}, "headers": {"If-Match": "*"}}
        await company.ask("PATCH", "/devices/emil-tisch", **switched)
        left = (await company.ask("GET", "/registrations"))["items"]
        assert not {row["device"] for row in left} & {"dora-tisch", "emil-tisch"}
        assert dora.phone.line.user != emil.phone.line.user

    bench.run(main())


def test_whatever_can_be_sent_is_answered_as_described(bench: PhoneBench) -> None:
    schemathesis.checks.load_all_checks()
    untold = [schemathesis.checks.CHECKS.get_one(name) for name in UNTOLD]
    base = f"http://{HOST}:{bench.server.http_port}/api/v1"
    described = httpx.get(f"{base}/openapi.json", trust_env=False).json()
    schema = schemathesis.openapi.from_dict(described)
    schema.config.update(base_url=base)
    until = time.monotonic() + SECONDS  # noqa: TID251 -- a limit on the work, not a wait
    wrong: list[str] = []
    sent = 0

    def send(operation: Any) -> None:
        @settings(CALM, max_examples=2)
        @given(case=operation.as_strategy())
        def one(case: Any) -> None:
            nonlocal sent
            sent += 1
            more = {"If-Match": "*"} if operation.method in {"put", "patch"} else {}
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token(bench)}", **more}
            if "company" in (case.path_parameters or {}):
                case.path_parameters["company"] = "musterbau"
            answer = case.call(base_url=base)
            try:
                case.validate_response(answer, excluded_checks=untold)
            except FailureGroup as error:  # every disagreement is told at once, at the end
                wrong.append(f"{operation.method} {operation.path} {answer.status_code} {error.exceptions}"[:400])

        one()

    for result in schema.get_all_operations():
        operation = result.ok()
        if time.monotonic() > until:  # noqa: TID251 -- as above
            break
        if not any(part in operation.path for part in LEFT_OUT) and operation.path != "/companies/{company}":
            send(operation)
    assert not wrong, "\n".join(wrong)
    assert sent > 50
