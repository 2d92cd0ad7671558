"""What a service needs for webhooks, made from its settings."""

from api.auth import sealer
from api.settings import Settings
from graph.catalog import Catalog
from graph.events.courier import Courier
from graph.events.sending import Sender
from graph.events.webhooks import Webhooks
from graph.reach.policy import Policy


def webhooks(settings: Settings, catalog: Catalog, policy: Policy) -> Webhooks:
    """The webhooks of an open graph."""
    return Webhooks(catalog.store, sealer(settings), Sender(policy, settings.webhook_seconds), catalog.region)


def courier(settings: Settings, catalog: Catalog, policy: Policy) -> Courier:
    """What delivers events to them."""
    return Courier(catalog, sealer(settings), Sender(policy, settings.webhook_seconds))
