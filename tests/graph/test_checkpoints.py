from dataclasses import replace
from pathlib import Path

import pytest

from graph.access import Caller
from graph.catalog import Catalog
from graph.checkpoints import Checkpoints
from graph.commands import create_artifact
from graph.errors import SettingError
from graph.ledger import Head

HEAD = Head("123456789012", 5, "ab", 7)


def test_a_flushed_head_is_read_back_signed(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    assert checkpoints.read(HEAD.account) is None
    checkpoints.note([HEAD])
    checkpoints.flush()
    signed = Checkpoints(tmp_path).read(HEAD.account)
    assert signed is not None
    assert signed.head == HEAD
    assert Checkpoints(tmp_path).genuine(signed)
    assert not checkpoints.genuine(replace(signed, head=replace(HEAD, hash="cd")))
    assert not checkpoints.genuine(replace(signed, signature="x"))
    assert not Checkpoints(tmp_path / "other").genuine(signed)
    assert (tmp_path / "keys" / "ledger.pem").stat().st_mode & 0o777 == 0o600


def test_a_checkpoint_never_goes_back(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    for sequence in (5, 4, 6, 3):
        checkpoints.note([replace(HEAD, sequence=sequence)])
        checkpoints.flush()
    signed = checkpoints.read(HEAD.account)
    assert signed is not None
    assert signed.head.sequence == 6


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path).public_key()
    (tmp_path / "keys" / "ledger.pem").chmod(0o644)
    with pytest.raises(SettingError, match="chmod 600"):
        Checkpoints(tmp_path).public_key()


@pytest.mark.parametrize("text", ["", "-----BEGIN PRIVATE KEY-----"])
def test_a_damaged_key_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys").mkdir()
    path = tmp_path / "keys" / "ledger.pem"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(SettingError, match="can't be read"):
        Checkpoints(tmp_path).public_key()


async def test_a_write_stands_when_its_head_can_not_be_signed(
    catalog: Catalog, caller: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints = Checkpoints(tmp_path)
    (tmp_path / "checkpoints").mkdir()
    damaged = tmp_path / "checkpoints" / f"{caller.account}.json"
    damaged.write_text("{")
    monkeypatch.setattr(catalog.writer, "_on_heads", checkpoints.note)
    place = catalog.place(caller.account)
    assert (await catalog.write(caller, [create_artifact(place, "s3://b/1")], operation="test")).sequence == 1
    damaged.unlink()
    checkpoints.flush()
    signed = checkpoints.read(caller.account)
    assert signed is not None
    assert signed.head.sequence == 1
