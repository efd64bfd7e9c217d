"""DNS that a test writes down. This module must never ask a real one."""

from vorzimmer.net.names import Answer, Kind, Naptr, Srv


class ScriptedNames:
    """net.names.Names from a zone: ``{("_sip._udp.x", "SRV"): (Srv(...),)}``; `asked` are the questions so far. Names
    in `silent` are never answered."""

    def __init__(self, zone: dict[tuple[str, Kind], tuple[Naptr | Srv | str, ...]], *, ttl: float = 60.0) -> None:
        self.zone = zone
        self.ttl = ttl
        self.asked: list[tuple[str, Kind]] = []
        self.silent: set[str] = set()

    async def ask(self, name: str, kind: Kind) -> Answer:
        """As the port says."""
        self.asked.append((name, kind))
        if name in self.silent:
            raise OSError("DNS is silent")
        return Answer(self.zone.get((name, kind), ()), self.ttl)  # type: ignore[arg-type]  # a zone holds all kinds
