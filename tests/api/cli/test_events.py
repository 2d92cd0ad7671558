"""`stemma registry events` and `stemma registry webhooks`."""

import asyncio
import subprocess
from typing import Any

import orjson

from tests.api.cli.conftest import STEMMA, Stemma
from tests.api.cli.test_registry import filled
from tests.graph.events.receivers import Receiver, receiving

__all__ = ["filled"]


def test_events_are_listed_and_gone_on_from(filled: Stemma) -> None:
    document = filled.ok("registry", "events", "--first", "2")
    assert [event["stemma"]["type"] for event in document["events"]] == ["model_version.created"] * 2
    assert document["more"] is True
    filled("registry", "approve", "churn/2")
    rest = filled.ok("registry", "events", "--after", document["cursor"])
    assert [event["stemma"]["type"] for event in rest["events"]] == ["model_version.created", "model_version.approved"]
    assert rest["more"] is False
    approved = filled.ok("registry", "events", "--type", "model_version.approved", "--group", "churn")["events"]
    assert [event["detail"]["ModelPackageVersion"] for event in approved] == [2]
    shown = filled("registry", "events")
    assert "model_version.approved" in shown.out
    assert "model-package/churn/2" in shown.out
    assert filled("registry", "events", "--since", "2999-01-01", "--json").json["events"] == []
    wrong = filled("registry", "events", "--type", "approved", "--json")
    assert (wrong.code, wrong.error["code"]) == (2, "INVALID")
    assert filled("registry", "events", "--after", "x").code == 2


def test_events_are_followed(filled: Stemma) -> None:
    variables = {"STEMMA_DATA_DIR": str(filled.data_dir), "STEMMA_ACCOUNT": filled.account, "PATH": "/usr/bin:/bin"}
    command = [str(STEMMA), "registry", "events", "--follow", "--json"]
    with subprocess.Popen(command, cwd=filled.folder, env=variables, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        try:
            first = [orjson.loads(following.stdout.readline()) for _ in range(3)]
            assert {event["stemma"]["type"] for event in first} == {"model_version.created"}
            filled("registry", "reject", "churn/3")
            later = orjson.loads(following.stdout.readline())
            assert later["detail"]["ModelApprovalStatus"] == "Rejected"
        finally:
            following.terminate()


async def test_webhooks_are_managed(stemma: Stemma) -> None:
    async with receiving() as receiver:
        await asyncio.to_thread(_manage, stemma, receiver)
    assert [message.document["detail-type"] for message in receiver.messages] == ["Stemma Webhook Test"]


def _manage(stemma: Stemma, receiver: Receiver) -> None:
    policy = stemma.folder / "policy.toml"
    policy.write_text(f'[accounts.{stemma.account}]\noutbound = ["{receiver.origin}"]\n')
    policy.chmod(0o600)

    def run(*arguments: str, code: int = 0, text: str = "") -> Any:
        variables = {"STEMMA_POLICY": str(policy)}
        done = stemma("registry", "webhooks", *arguments, "--json", input=text, environment=variables)
        assert done.code == code, done.err
        return done.json if done.out else done.error

    made = run("add", receiver.url, "--type", "model_version.approved", "--group", "Churn", "--description", "pager")
    assert made["secret"].startswith("whsec_")
    (listed,) = run("list")
    assert listed == {key: value for key, value in made.items() if key != "secret"}
    assert (listed["types"], listed["group"]) == (["model_version.approved"], "churn")
    assert run("test", made["id"]) == {"delivered": True, "status": 204, "problem": None}
    assert run("dead", made["id"]) == []
    assert run("replay", made["id"]) == {"count": 0}
    run("remove", made["id"])
    assert run("list") == []
    refused = run("add", "http://127.0.0.1:1/", code=1)
    assert refused["code"] == "FORBIDDEN"
    own = run("add", receiver.url, "--secret-file", "-", text=f"{made['secret']}\n")
    assert own["secret"] == made["secret"]
    run("remove", own["id"])
    run("add", receiver.url, "--secret-file", "-", code=2, text="short\n")


def test_two_versions_are_compared(filled: Stemma) -> None:
    found = filled.ok("registry", "compare", "churn/1", "churn/2", "--all")
    assert [one["name"] for one in found["data"]] == ["s3://b/m", "xgb:1"]
    assert (found["onlyA"], found["onlyB"], found["metrics"]) == ([], [], [])
    assert filled.ok("registry", "compare", "churn/1", "churn/2")["data"] == []
    assert filled("registry", "compare", "churn/1", "churn/9").code == 1
