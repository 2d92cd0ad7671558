"""The artifact store: what is put is kept under its digest, and nothing outside of the folder is ever touched."""

import hashlib
import os
import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from graph.artifacts import ArtifactStore
from graph.errors import ConflictError, InvalidError, NotFoundError, SettingError, UnavailableError


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


def files(store: ArtifactStore) -> list[Path]:
    return sorted(path for path in store.folder.rglob("*") if path.is_file())


def test_bytes_are_kept_under_their_digest(store: ArtifactStore) -> None:
    stored = store.put(b"{}", "statistics.json")
    digest = hashlib.sha256(b"{}").hexdigest()
    assert (stored.digest, stored.size) == (digest, 2)
    assert stored.uri == f"file://{store.folder}/sha256/{digest[:2]}/{digest}/statistics.json"
    assert store.read(stored.uri) == b"{}"
    assert store.holds(stored.uri)
    assert Path(unquote(urlsplit(stored.uri).path)).read_bytes() == b"{}"


def test_the_same_content_is_kept_once(store: ArtifactStore) -> None:
    assert store.put(b"a", "x.json") == store.put(b"a", "x.json")
    assert len(files(store)) == 1
    store.put(b"a", "y.json")
    store.put(b"b", "x.json")
    assert len(files(store)) == 3


def test_a_file_is_copied(store: ArtifactStore, tmp_path: Path) -> None:
    source = tmp_path / "big.bin"
    source.write_bytes(os.urandom(3_000_000))
    stored = store.put(source, "big.bin")
    source.write_bytes(b"changed")
    assert stored.size == 3_000_000
    assert hashlib.sha256(store.read(stored.uri)).hexdigest() == stored.digest
    with store.open(stored.uri) as stream:
        assert len(stream.read(1000)) == 1000
    with pytest.raises(NotFoundError, match="no file"):
        store.put(tmp_path / "absent", "absent")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "/etc/passwd", "a\0b", ".hidden", "ä", "x" * 101, "a\n"]
)
def test_a_name_can_not_lead_elsewhere(store: ArtifactStore, name: str) -> None:
    with pytest.raises(InvalidError, match="can't be called"):
        store.put(b"x", name)
    assert files(store) == []


DIGEST = "ab" * 32


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/etc/passwd",
        "file:///etc/passwd",
        f"https://host/sha256/ab/{DIGEST}/x",
        f"file://host/sha256/ab/{DIGEST}/x",
        f"file:///x/sha256/ab/{DIGEST}/../../../../etc/passwd",
        f"file:///x/sha256/ab/{DIGEST}/..",
        f"file:///x/sha256/ab/{DIGEST}/%2e%2e%2fpasswd",
        f"file:///x/sha256/ab/{DIGEST}/a%00b",
        f"file:///x/sha256/cd/{DIGEST}/x",
        f"file:///x/sha256/ab/{DIGEST.upper()}/x",
        f"s3://bucket/sha256/ab/{DIGEST}/x",
    ],
)
def test_a_uri_can_not_lead_elsewhere(store: ArtifactStore, uri: str) -> None:
    with pytest.raises(InvalidError, match="not a file of the artifact store"):
        store.read(uri)
    assert not store.holds(uri)


def test_a_missing_file_is_named(store: ArtifactStore) -> None:
    uri = f"file:///anywhere/sha256/ab/{DIGEST}/x.json"
    with pytest.raises(NotFoundError, match=r"abababababab…/x.json"):
        store.read(uri)
    assert not store.holds(uri)


def test_damage_is_found_and_healed_by_the_next_put(store: ArtifactStore) -> None:
    stored = store.put(b"truth", "x.json")
    files(store)[0].write_bytes(b"false")
    with pytest.raises(ConflictError, match="changed or damaged"):
        store.read(stored.uri)
    store.put(b"truth", "x.json")
    assert store.read(stored.uri) == b"truth"


def test_a_link_in_the_store_is_not_followed(store: ArtifactStore, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    stored = store.put(b"x", "x.json")
    path = files(store)[0]
    path.unlink()
    path.symlink_to(secret)
    with pytest.raises(UnavailableError, match="can't be read"):
        store.read(stored.uri)


def test_a_moved_store_answers_to_its_old_uris(store: ArtifactStore, tmp_path: Path) -> None:
    stored = store.put(b"x", "x.json")
    shutil.move(store.folder, tmp_path / "moved")
    assert ArtifactStore(tmp_path / "moved").read(stored.uri) == b"x"


def test_only_the_owner_may_read(store: ArtifactStore) -> None:
    store.put(b"x", "x.json")
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(files(store)[0].stat().st_mode) == 0o600


def test_writers_at_once_leave_one_whole_file(store: ArtifactStore) -> None:
    content = os.urandom(200_000)
    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(lambda _: store.put(content, "x.bin"), range(16)))
    assert len(set(stored)) == 1
    assert len(files(store)) == 1
    assert store.read(stored[0].uri) == content


def test_a_failed_put_leaves_nothing(store: ArtifactStore) -> None:
    (store.folder / "sha256").write_text("in the way")
    with pytest.raises(UnavailableError, match="can't be written"):
        store.put(b"x", "x.json")
    assert [path.name for path in files(store)] == ["sha256"]


def test_a_location_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingError, match="can't be made"):
        ArtifactStore(tmp_path / "file")
    with pytest.raises(SettingError, match="only a folder"):
        ArtifactStore("s3://bucket/prefix")


def test_odd_folders_are_quoted(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "with space and ü#?")
    stored = store.put(b"x", "x.json")
    assert "%20" in stored.uri
    assert "#" not in stored.uri
    assert store.read(stored.uri) == b"x"
