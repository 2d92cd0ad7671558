"""What events tell of."""

from enum import StrEnum


class EventType(StrEnum):
    """What happened; the value is the event's type in documents."""

    MODEL_VERSION_CREATED = "model_version.created"
    """a version was registered, or a package of its own"""
    MODEL_VERSION_APPROVED = "model_version.approved"
    MODEL_VERSION_REJECTED = "model_version.rejected"
    MODEL_VERSION_STAGE_CHANGED = "model_version.stage_changed"
    """its model life cycle changed"""
    MODEL_VERSION_DEPLOYED = "model_version.deployed"
    """a variant of an endpoint, or a batch, began to run"""
    MODEL_VERSION_REPLACED = "model_version.replaced"
    """a variant of an endpoint runs another model"""
    ALIAS_MOVED = "alias.moved"
    """an alias of a group names another version, or none any more"""
    MONITOR_ALERT_RAISED = "monitor.alert_raised"
    """the last runs of a monitoring schedule found enough violations, or failed"""
    MONITOR_ALERT_ENDED = "monitor.alert_ended"
    MODEL_VERSION_APPROVAL_STALE = "model_version.approval_stale"
    """the evidence of an approval changed after it: told once an approval"""
    TEST = "test"
    """somebody tried a webhook; no feed shows it"""


AWS = "SageMaker Model Package State Change"
"""EventBridge's detail-type of what AWS has an event for, too."""
DETAIL_TYPES = {
    EventType.MODEL_VERSION_CREATED: AWS,
    EventType.MODEL_VERSION_APPROVED: AWS,
    EventType.MODEL_VERSION_REJECTED: AWS,
    EventType.MODEL_VERSION_STAGE_CHANGED: AWS,
    EventType.MODEL_VERSION_DEPLOYED: "Stemma Model Deployed",
    EventType.MODEL_VERSION_REPLACED: "Stemma Model Replaced",
    EventType.MODEL_VERSION_APPROVAL_STALE: "Stemma Model Approval Stale",
    EventType.ALIAS_MOVED: "Stemma Model Alias Moved",
    EventType.MONITOR_ALERT_RAISED: "Stemma Monitoring Alert State Change",
    EventType.MONITOR_ALERT_ENDED: "Stemma Monitoring Alert State Change",
    EventType.TEST: "Stemma Webhook Test",
}
AWS_SOURCE, SOURCE = "aws.sagemaker", "stemma"
