"""AWS's own service models, as the installed botocore has them: every shape, limit, pattern and path comes from there."""

from dataclasses import dataclass
from functools import cache

from botocore.model import OperationModel, ServiceModel, Shape
from botocore.session import Session

__all__ = ["SERVICES", "OperationModel", "Service", "ServiceModel", "Shape", "service"]


@dataclass(frozen=True, slots=True)
class Service:
    """A service whose requests are answered.

    Attributes:
        name: botocore's name of it.
        scope: the service in the credential scope of its signatures.
        protocol: `json`, `rest-json` or `query`: the one that is answered, beside CBOR.
        target: what `X-Amz-Target` begins with, for the JSON protocol.
        cbor: whether its clients speak Smithy's RPC v2 with CBOR, which botocore prefers.
        model: botocore's model.
    """

    name: str
    scope: str
    protocol: str
    target: str | None
    cbor: bool
    model: ServiceModel

    def operation(self, name: str) -> OperationModel | None:
        """The model of an operation; None when there is none of this name."""
        return self.model.operation_model(name) if name in self.names else None

    @property
    def names(self) -> frozenset[str]:
        """The operations of the model."""
        return _names(self.name)


SERVICES = (
    "sagemaker",
    "sagemaker-metrics",
    "sagemaker-runtime",
    "resource-groups",
    "resourcegroupstaggingapi",
    "cloudwatch",
    "logs",
    "sts",
    "iam",
)
CBOR = "smithy-rpc-v2-cbor"
ANSWERED = ("json", "rest-json", "query")


@cache
def service(name: str) -> Service:
    """One of `SERVICES`; read from disk once (50 ms for the largest)."""
    model = _session().get_service_model(name)
    spoken = model.metadata.get("protocols", [model.metadata["protocol"]])
    protocol = next(known for known in ANSWERED if known in spoken)
    target = model.metadata.get("targetPrefix")
    return Service(name, model.signing_name, protocol, target, CBOR in spoken, model)


@cache
def _names(name: str) -> frozenset[str]:
    return frozenset(service(name).model.operation_names)


@cache
def _session() -> Session:
    # Without the user's configuration: models come from botocore's own folder alone.
    return Session(session_vars={"config_file": (None, None, None, None), "profile": (None, None, None, None)})
