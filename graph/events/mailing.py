"""An event as a mail: under the event's own id, so that who gets it twice sees that it is one."""

import asyncio
import os
import smtplib
from email.message import EmailMessage

import orjson

from graph.events.deliveries import Attempt
from graph.events.event import Event
from graph.reach.fetching import trusted
from graph.reach.notifying import Mail

DOMAIN = "stemma.invalid"
"""The right side of message ids, which name no host."""
PROBLEM = 300


async def send(mail: Mail, address: str, event: Event, seconds: float) -> Attempt:
    """Try once to send an event to an address; what came of it."""
    try:
        await asyncio.to_thread(_send, mail, message(mail, address, event), seconds)
    except (smtplib.SMTPException, OSError) as error:
        final = isinstance(error, smtplib.SMTPRecipientsRefused) and all(
            code >= 500 for code, _ in error.recipients.values()
        )
        return Attempt(delivered=False, problem=f"{mail.host}: {error}"[:PROBLEM], final=final)
    return Attempt(delivered=True)


def message(mail: Mail, address: str, event: Event) -> EmailMessage:
    """The mail that tells of an event: what happened in its subject, all of it in its text, as JSON too."""
    document = event.document()
    made = EmailMessage()
    made["From"], made["To"] = mail.sender, address
    made["Message-ID"] = f"<{event.id}@{DOMAIN}>"
    made["Subject"] = f"[Stemma] {document['detail-type']}: {event.type.value}"
    lines = [f"{name}: {value}" for name, value in document["detail"].items() if isinstance(value, str | int | float)]
    made.set_content("\n".join([*lines, "", *(f"about: {arn}" for arn in document["resources"])]) + "\n")
    made.add_attachment(orjson.dumps(document), maintype="application", subtype="json", filename="event.json")
    return made


def _send(mail: Mail, made: EmailMessage, seconds: float) -> None:
    with smtplib.SMTP(mail.host, mail.port, timeout=seconds) as server:
        if mail.starttls:
            server.starttls(context=trusted())
        if mail.user is not None:
            server.login(mail.user, os.environ.get(mail.password_variable or "", ""))
        server.send_message(made)
