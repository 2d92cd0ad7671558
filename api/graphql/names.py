"""The graph's enumerations as GraphQL shows them."""

from enum import StrEnum

import strawberry

from graph.access import Role
from graph.access_log import Outcome as AccessOutcome
from graph.associations import AssociationType
from graph.entities import Approval, CardStatus, Kind, Status
from graph.events.deliveries import DeliveryState
from graph.events.types import EventType
from graph.lineage import Direction
from graph.listing import Sort
from graph.monitoring.executions import ExecutionStatus as MonitoringExecutionStatus
from graph.monitoring.measured import Subject as MonitoringSubject
from graph.monitoring.names import Monitor as MonitoringType
from graph.registry.findings import GateKind
from graph.registry.staleness import StaleKind
from graph.selection.differences import Difference
from monitors.model_data import FileState

for _graph_enum, _name in (
    (Kind, "Kind"),
    (Status, "Status"),
    (AssociationType, "AssociationType"),
    (Direction, "Direction"),
    (Sort, "EntitySort"),
    (AccessOutcome, "AccessOutcome"),
    (Role, "Role"),
    (Approval, "ApprovalStatus"),
    (CardStatus, "ModelCardStatus"),
    (EventType, "EventType"),
    (DeliveryState, "DeliveryState"),
    (GateKind, "GateKind"),
    (FileState, "FileState"),
    (StaleKind, "StaleKind"),
    (Difference, "Difference"),
    (MonitoringType, "MonitoringType"),
    (MonitoringSubject, "MonitoringSubject"),
    (MonitoringExecutionStatus, "MonitoringExecutionStatus"),
):
    strawberry.enum(_graph_enum, name=_name)


@strawberry.enum
class SortOrder(StrEnum):
    """Smallest or largest first."""

    ASCENDING = "ASCENDING"
    DESCENDING = "DESCENDING"


@strawberry.enum
class Cascade(StrEnum):
    """What may end together with an entity."""

    NONE = "NONE"
    ASSOCIATIONS = "ASSOCIATIONS"
    DESCENDANTS = "DESCENDANTS"


@strawberry.enum
class SourceIdType(StrEnum):
    """What a source type's value is, as SageMaker has it."""

    MD5_HASH = "MD5Hash"
    S3_ETAG = "S3ETag"
    S3_VERSION = "S3Version"
    CUSTOM = "Custom"


METADATA = {
    "commit_id": "CommitId",
    "repository": "Repository",
    "generated_by": "GeneratedBy",
    "project_id": "ProjectId",
}
"""The fields of the metadata of an entity, and what the graph calls them."""


__all__ = [
    "METADATA",
    "AccessOutcome",
    "Approval",
    "AssociationType",
    "CardStatus",
    "Cascade",
    "DeliveryState",
    "Difference",
    "Direction",
    "EventType",
    "FileState",
    "GateKind",
    "Kind",
    "MonitoringExecutionStatus",
    "MonitoringSubject",
    "MonitoringType",
    "Role",
    "Sort",
    "SortOrder",
    "SourceIdType",
    "StaleKind",
    "Status",
]
