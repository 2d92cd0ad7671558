"""An event published to a topic of SNS, or of what speaks its protocol."""

import asyncio

import orjson
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from graph.errors import StemmaError
from graph.events.deliveries import Attempt
from graph.events.event import Event
from graph.reach.notifying import Topic

PROBLEM = 300
SUBJECT = 100


async def publish(topic: Topic, event: Event, seconds: float) -> Attempt:
    """Try once to publish an event; what came of it. Its id and type are message attributes, by which subscribers filter."""
    try:
        await asyncio.to_thread(_publish, topic, event, seconds)
    except (BotoCoreError, ClientError, StemmaError) as error:
        return Attempt(delivered=False, problem=str(error)[:PROBLEM])
    return Attempt(delivered=True)


def _publish(topic: Topic, event: Event, seconds: float) -> None:
    held = topic.credentials
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=seconds, read_timeout=seconds)
    region = topic.arn.split(":")[3]
    client = held.session().client("sns", endpoint_url=held.endpoint, region_name=region, config=config)
    document = event.document()
    attributes = {"id": event.id, "type": event.type.value}
    # A topic that keeps an order takes a message once for each id.
    ordered = {"MessageGroupId": "stemma", "MessageDeduplicationId": event.id} if topic.arn.endswith(".fifo") else {}
    client.publish(
        TopicArn=topic.arn,
        Subject=f"Stemma: {event.type.value}"[:SUBJECT],
        Message=orjson.dumps(document).decode(),
        MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
        **ordered,
    )
