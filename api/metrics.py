"""Numbers about the service in Prometheus' format."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


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
        self.errors = Counter("stemma_graphql_errors_total", "GraphQL errors", ("code",), registry=self._registry)

    def text(self) -> tuple[bytes, str]:
        """All numbers, and the media type of their form."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
