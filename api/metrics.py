"""Numbers about the service in Prometheus' format."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class _Dropped(Collector):
    """A count that is kept elsewhere."""

    records = 0

    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily(
            "stemma_access_records_dropped", "Access records lost to a full queue or the database", value=self.records
        )


class Metrics:
    """The numbers of one application; each has a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "stemma_http_requests_total", "HTTP requests", ("method", "route", "status"), registry=self._registry
        )
        self.seconds = Histogram(
            "stemma_http_request_seconds", "Time to answer", ("route",), registry=self._registry, buckets=BUCKETS
        )
        self.in_flight = Gauge(
            "stemma_http_requests_in_flight", "HTTP requests being answered", registry=self._registry
        )
        self.operations = Counter(
            "stemma_graphql_operations_total", "GraphQL operations", ("result",), registry=self._registry
        )
        self._dropped = _Dropped()
        self._registry.register(self._dropped)
        self.errors = Counter("stemma_graphql_errors_total", "GraphQL errors", ("code",), registry=self._registry)

    def text(self, dropped: int) -> tuple[bytes, str]:
        """All numbers, and the media type of their form; `dropped` is how many records the access log has lost so far."""
        self._dropped.records = dropped
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
