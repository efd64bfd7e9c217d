"""The figures of one process, in Prometheus' text form.

Each process has one :class:`Metrics` of its own, handed down by the composition root: no registry is global. This
module must never be asked for a decision.
"""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

Rows = Callable[[], list[tuple[tuple[str, ...], float]]]
"""Values of the labels, and the figure."""


class _Table(Collector):
    """A gauge whose rows come and go."""

    def __init__(self, name: str, what: str, labels: tuple[str, ...], read: Rows) -> None:
        self._head = (name, what, labels)
        self._read = read

    def collect(self) -> Iterable[Metric]:
        name, what, labels = self._head
        family = GaugeMetricFamily(name, what, labels=labels)
        for values, figure in self._read():
            family.add_metric(values, figure)
        yield family


class Metrics:
    """Counters and gauges of control."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        new = self.registry
        self.calls_started = Counter("vorzimmer_calls_started", "Calls that a caller began", ["company"], registry=new)
        self.calls_ended = Counter("vorzimmer_calls_ended", "Records written", ["company", "outcome"], registry=new)
        self.sip_malformed = Counter("vorzimmer_sip_malformed", "Messages that could not be accepted", registry=new)
        self.bugs = Counter("vorzimmer_bugs", "Handlers that raised", ["doing"], registry=new)
        self.media_workers_lost = Counter("vorzimmer_media_workers_lost", "Media workers that died", registry=new)

    def malformed(self) -> None:
        """A message could not be accepted."""
        self.sip_malformed.inc()

    def gauge(self, name: str, what: str, read: Callable[[], float]) -> None:
        """A figure that is read when somebody asks."""
        Gauge(name, what, registry=self.registry).set_function(read)

    def table(self, name: str, what: str, labels: tuple[str, ...], read: Rows) -> None:
        """Figures with labels that are read when somebody asks."""
        self.registry.register(_Table(name, what, labels, read))

    def text(self) -> str:
        """The exposition, Prometheus text format 0.0.4."""
        return generate_latest(self.registry).decode()
