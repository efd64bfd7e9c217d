"""Debian's Kamailio in a process of its own, as somebody else's part of the network: an edge in front of us, a carrier.

Its configuration is written by the test. It listens on addresses of this machine only, keeps nothing, and says in its
log what it passes on, so that a test can tell what went through it.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from vorzimmer.kernel.address import Address

DEADLINE_S = 20.0
COMMON = """
debug=1
log_stderror=yes
children=2
disable_tcp=yes
auto_aliases=no
dns=no
rev_dns=no
{modules}
modparam("rr", "enable_full_lr", 1)
event_route[core:worker-one-init] {{ xlog("L_ERR", "kamailio is ready\\n"); }}
route[TELL] {{ xlog("L_ERR", "passed: $rm tag=$tt from=$si:$sp ru=$ru pai=$ai fu=$fu\\n"); }}
route[DIALOG] {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (has_totag()) {{
        route(TELL);
        if (loose_route()) {{ t_relay(); exit; }}
        if (is_method("ACK")) {{ if (t_check_trans()) {{ t_relay(); }} exit; }}
        sl_send_reply("404", "Not here");
        exit;
    }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) {{ t_relay(); }} exit; }}
    t_check_trans();
}}
"""
NAMES = ("tm", "sl", "rr", "pv", "maxfwd", "textops", "siputils", "xlog", "kex")


class KamailioError(AssertionError):
    """It did not start, or ended by itself; the text is the end of its log."""


def edge(near: Address, server: Address) -> str:
    """An edge proxy at `near`: what phones send goes to `server`; Path in REGISTER (RFC 3327), Record-Route else."""
    return f"""
listen=udp:{near.host}:{near.port}
loadmodule "path.so"
modparam("path", "use_received", 1)
request_route {{
    route(DIALOG);
    route(TELL);
    if (is_method("REGISTER")) {{ add_path_received(); $du = "sip:{server.host}:{server.port}"; t_relay(); exit; }}
    record_route();
    if ($sp == {server.port}) {{ loose_route(); }} else {{ $du = "sip:{server.host}:{server.port}"; }}
    t_relay();
}}
"""


@dataclass(frozen=True)
class Carrier:
    """A carrier at two ports of `near`. Who sends to the first needs an account, whose password is `password`; the
    number `bad` gets 503 there, and at the second port (`spare`) stands for `instead`. Subscribers register as their
    number without plus. Calls to the PBX go to its `account`, those to `peer_number` from the second port to `server`.
    """

    near: Address
    spare: int
    server: Address
    password: str
    account: str
    bad: str
    instead: str
    peer_number: str

    def text(self) -> str:
        """The configuration."""
        return f"""
listen=udp:{self.near.host}:{self.near.port}
listen=udp:{self.near.host}:{self.spare}
loadmodule "auth.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
request_route {{
    route(DIALOG);
    if (is_method("OPTIONS")) {{ sl_send_reply("200", "Alive"); exit; }}
    if (is_method("REGISTER")) {{
        if (!pv_www_authenticate("carrier.test", "{self.password}", "0")) {{
            www_challenge("carrier.test", "0");
            exit;
        }}
        save("location");
        exit;
    }}
    if ($Rp == {self.near.port} && !pv_proxy_authenticate("carrier.test", "{self.password}", "0")) {{
        proxy_challenge("carrier.test", "0");
        exit;
    }}
    consume_credentials();
    route(TELL);
    if ($Rp == {self.near.port} && $rU == "{self.bad}") {{ sl_send_reply("503", "Out of lines"); exit; }}
    record_route();
    if ($sp == {self.server.port}) {{
        if ($rU == "{self.bad}") {{ $rU = "{self.instead}"; }}
        $rU = $(rU{{s.substr,1,0}});
        if (!lookup("location")) {{ sl_send_reply("404", "No such subscriber"); exit; }}
    }} else {{
        append_hf("P-Asserted-Identity: <sip:+$fU@carrier.test>\\r\\n");
        $avp(number) = $rU;
        if ($rU == "{self.peer_number}") {{
            $du = "sip:{self.server.host}:{self.server.port}";
            $fs = "udp:{self.near.host}:{self.spare}";
        }} else {{
            $rU = "{self.account}";
            if (!lookup("location")) {{ sl_send_reply("480", "The PBX is away"); exit; }}
            $rU = $avp(number);
        }}
    }}
    t_relay();
}}
"""


class Kamailio:
    """One of them, with a configuration of its own."""

    def __init__(self, folder: Path, text: str) -> None:
        self._folder = folder
        self._text = text
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Until it says that it is ready."""
        self._folder.mkdir(parents=True)
        modules = "\n".join(f'loadmodule "{name}.so"' for name in NAMES)
        file = self._folder / "kamailio.cfg"
        file.write_text("#!KAMAILIO" + COMMON.format(modules=modules) + self._text)
        with (self._folder / "log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *("/usr/sbin/kamailio", "-f", str(file), "-DD", "-E", "-m", "32", "-M", "8", "-Y", str(self._folder)),
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(DEADLINE_S):
            while "kamailio is ready" not in self.log():
                if self._process.returncode is not None:
                    raise KamailioError(self.log()[-3000:])
                await asyncio.sleep(0.05)  # noqa: TID251 -- a file cannot be waited for

    def log(self) -> str:
        """All that it has said."""
        return (self._folder / "log").read_text(errors="replace")

    def passed(self, method: str, *, tag: bool | None = None) -> list[str]:
        """The lines about requests of a method that it passed on, within dialogs or not."""
        lines = [line.partition("passed: ")[2] for line in self.log().splitlines() if f"passed: {method} " in line]
        return [line for line in lines if tag is None or ("tag=<null>" not in line) == tag]

    async def stop(self) -> None:
        """SIGTERM; it ends its children."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            async with asyncio.timeout(10):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
