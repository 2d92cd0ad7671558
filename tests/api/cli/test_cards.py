"""`stemma registry cards` and `stemma registry collections`."""

import json
from pathlib import Path

from tests.api.cli.conftest import Stemma
from tests.api.cli.test_registry import filled

__all__ = ["filled"]


def test_a_card_is_made_filled_reviewed_exported_and_ended(filled: Stemma, tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    file.write_text(json.dumps({"intended_uses": {"purpose_of_model": "letters"}}, indent=2))
    made = filled("registry", "cards", "create", "Churn-Card", str(file), "--json")
    assert made.code == 0, made.err
    assert (made.json["version"], made.json["status"]) == (1, "Draft")
    told = filled("registry", "cards", "fill", "churn-card", "churn/3", "--json")
    assert told.code == 0, told.err
    assert told.json["modelId"].endswith("model-package/churn/3")
    lost = filled("registry", "cards", "status", "churn-card", "Approved", "--version", "1")
    assert (lost.code, "has version 2 by now" in lost.err) == (1, True)
    done = filled("registry", "cards", "status", "churn-card", "approved", "--version", "2")
    assert (done.code, done.out.split(":")[0]) == (0, "Churn-Card is Approved, version 2")
    shown = filled("registry", "cards", "show", "churn-card", "--json").json
    assert shown["content"]["intended_uses"] == {"purpose_of_model": "letters"}
    assert shown["content"]["model_overview"]["model_artifact"] == ["s3://b/m"]
    assert [row["version"] for row in filled("registry", "cards", "versions", "churn-card", "--json").json] == [2, 1]
    assert [row["name"] for row in filled("registry", "cards", "list", "--status", "Approved", "--json").json] == [
        "Churn-Card"
    ]
    exported = filled("registry", "cards", "export", "churn-card", "--name", "first", "--json")
    assert exported.code == 0, exported.err
    pdf = Path(exported.json["uri"].removeprefix("file://"))
    assert pdf.read_bytes().startswith(b"%PDF-")
    again = filled("registry", "cards", "export", "churn-card", "--name", "first")
    assert (again.code, "already exists" in again.err) == (1, True)
    file.write_text("[]")
    assert filled("registry", "cards", "write", "churn-card", str(file)).code == 2
    assert filled("registry", "cards", "status", "churn-card", "Fine").code == 2
    assert filled("registry", "cards", "delete", "churn-card").code == 0
    assert filled("registry", "cards", "show", "churn-card").code == 1


def test_collections_are_made_filled_moved_and_ended(filled: Stemma) -> None:
    for arguments in (["Risk"], ["Other"], ["Credit", "--parent", "Risk"]):
        assert filled("registry", "collections", "create", *arguments).code == 0
    assert filled("registry", "collections", "add", "Credit", "churn").code == 0
    moved = filled("registry", "collections", "move", "Credit", "--parent", "Other", "--name", "Loans")
    assert moved.code == 0, moved.err
    assert filled("registry", "collections", "list").out.split() == ["Other/", "Other/Loans/", "Churn", "Risk/"]
    refused = filled("registry", "collections", "delete", "Loans")
    assert (refused.code, "is not empty" in refused.err) == (1, True)
    assert filled("registry", "collections", "remove", "Loans", "churn").code == 0
    assert filled("registry", "collections", "delete", "Loans").code == 0
    rows = filled("registry", "collections", "list", "--json").json
    assert [(row["path"], row["groups"]) for row in rows] == [("Other", []), ("Risk", [])]
