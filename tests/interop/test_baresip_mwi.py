"""baresip with its module for waiting messages, which asks again without end where it is refused."""

import asyncio
from pathlib import Path
from urllib.request import urlopen

from tests.interop.bench import Bench
from tests.interop.office import company


def metrics(bench: Bench) -> str:
    with urlopen(f"http://{bench.server.host}:{bench.server.http_port}/metrics", timeout=10) as answer:
        return str(answer.read(), "utf-8")


def test_rfc3842_a_phone_that_insists_on_message_waiting_asks_once_and_is_content(tmp_path: Path) -> None:
    bench = Bench(tmp_path, company=company())
    bench.start()
    try:
        bench.baresip("anna-tisch", 500, mwi=True)

        async def test() -> None:
            async with asyncio.timeout(10):
                while not (rows := await bench.server.watchers()):  # noqa: ASYNC110 -- it tells nobody by itself
                    await asyncio.sleep(0.1)  # noqa: TID251 -- the server is asked again, until the deadline
            await asyncio.sleep(2)  # noqa: TID251 -- long enough to ask again a hundred times
            assert await bench.server.watchers() != []
            assert [(row["device"], row["package"]) for row in rows] == [("anna-tisch", "message-summary")]
            text = await asyncio.to_thread(metrics, bench)
            assert int(float(text.partition("\nvorzimmer_notifies ")[2].split()[0])) <= 2

        bench.run(test())
    finally:
        bench.close()
