"""Events by mail, to a real server, and to a topic of SNS, by moto's server over HTTP."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import boto3
import pytest
import pytest_asyncio
from aiosmtpd.controller import Controller
from moto.server import ThreadedMotoServer

from graph.errors import ForbiddenError, InvalidError, SettingError
from graph.events.deliveries import DeliveryState
from graph.events.sending import Sender
from graph.events.webhooks import Webhooks
from graph.reach.notifying import Mail, Topic
from graph.reach.policy import Policy
from graph.reach.rules import Rules
from graph.reach.s3 import Credentials
from tests.graph.events.test_webhooks import Desk, desk
from tests.graph.registry.test_versions import registry

__all__ = ["desk", "registry"]
KEYS = {"aws_access_key_id": "id", "aws_secret_access_key": "secret", "region_name": "us-east-1"}


class Box:
    """A mailbox that takes what it is told to take."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest_asyncio.fixture
async def box() -> AsyncIterator[tuple[Box, int]]:
    held = Box()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(held, hostname="127.0.0.1", port=port)
    await asyncio.to_thread(controller.start)
    yield held, port
    await asyncio.to_thread(controller.stop)


@pytest.fixture
def topics(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Any, str]]:
    """A topic, SQS, and the address of a queue that hears it."""
    monkeypatch.setenv("SNS_ID", "id")
    monkeypatch.setenv("SNS_SECRET", "secret")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    sns: Any = boto3.client("sns", endpoint_url=url, **KEYS)
    sqs: Any = boto3.client("sqs", endpoint_url=url, **KEYS)
    topic = sns.create_topic(Name="alerts")["TopicArn"]
    queue = sqs.create_queue(QueueName="alerts")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    yield topic, sqs, queue
    server.stop()


def sender(desk: Desk, mail: Mail | None = None, topic: Topic | None = None) -> Sender:
    rules = Rules(mail=mail, topics=() if topic is None else (topic,))
    return Sender(Policy({desk.registry.account: rules}), 5.0)


def at(desk: Desk, by: Sender) -> Webhooks:
    return Webhooks(desk.registry.catalog.store, desk.sealer, by, desk.registry.catalog.region)


async def test_events_come_by_mail_under_one_id(desk: Desk, box: tuple[Box, int]) -> None:
    held, port = box
    by = sender(desk, Mail("127.0.0.1", port, "stemma@example.org", ("@example.org",), starttls=False))
    webhooks = at(desk, by)
    with pytest.raises(ForbiddenError, match="mail"):
        await webhooks.add(desk.admin, "mailto:ana@example.com")
    with pytest.raises(InvalidError, match="no plain mail address"):
        await webhooks.add(desk.admin, "mailto:ana@example.org\nBcc: eve@example.org")
    made = await webhooks.add(desk.admin, "mailto:Ana@Example.org")
    # The server is busy at first: the same mail comes again under the same id.
    held.answers = ["451 try again"]
    async with desk.courier(sender=by):
        await desk.registry.group()
        await desk.registry.register()
        await desk.until(made.webhook, DeliveryState.DELIVERED)
    (found,) = held.mails
    assert (found["To"], found["From"]) == ("Ana@Example.org", "stemma@example.org")
    assert "model_version.created" in found["Subject"]
    (attached,) = found.iter_attachments()
    document = json.loads(attached.get_content())
    assert found["Message-ID"] == f"<{document['id']}@stemma.invalid>"
    assert document["stemma"]["type"] == "model_version.created"
    body = found.get_body()
    assert body is not None
    assert f"about: {document['resources'][0]}" in body.get_content()
    ((delivery,), _) = await webhooks.deliveries(desk.admin, made.webhook.id)
    assert delivery.attempts == 2


async def test_events_are_published_to_a_topic(desk: Desk, topics: tuple[str, Any, str]) -> None:
    arn, sqs, queue = topics
    credentials = Credentials("sns", None, "SNS_ID", "SNS_SECRET", sqs.meta.endpoint_url, "us-east-1")
    by = sender(desk, topic=Topic(arn, credentials))
    webhooks = at(desk, by)
    with pytest.raises(ForbiddenError, match="sns"):
        await webhooks.add(desk.admin, f"{arn}-other")
    with pytest.raises(InvalidError, match="no ARN of a topic"):
        await webhooks.add(desk.admin, "arn:aws:sqs:us-east-1:123456789012:alerts")
    made = await webhooks.add(desk.admin, arn)
    async with desk.courier(sender=by):
        await desk.registry.group()
        await desk.registry.register()
        await desk.until(made.webhook, DeliveryState.DELIVERED)
    (message,) = (await asyncio.to_thread(sqs.receive_message, QueueUrl=queue))["Messages"]
    told = json.loads(message["Body"])
    document = json.loads(told["Message"])
    assert told["MessageAttributes"]["id"]["Value"] == document["id"]
    assert told["MessageAttributes"]["type"]["Value"] == document["stemma"]["type"] == "model_version.created"


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ('mail = { server = "smtp", sender = "a@example.org", to = [] }', "host:port is needed"),
        ('mail = { server = "smtp:25", sender = "a", to = [] }', "no plain mail address"),
        ('mail = { server = "smtp:25", sender = "a@example.org", to = ["@"] }', "no plain mail address"),
        ('mail = { server = "smtp:25", sender = "a@example.org", to = [], password = "x" }', "password"),
        ('sns = [{ topic = "alerts", credentials = "lake" }]', "credentials 'lake', which are not there"),
    ],
)
def test_a_policy_that_can_not_be_read(tmp_path: Path, table: str, problem: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(f"[accounts.123456789012]\n{table}\n")
    path.chmod(0o600)
    with pytest.raises(SettingError, match=problem):
        Policy.load(path)
