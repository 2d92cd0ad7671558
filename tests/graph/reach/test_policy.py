"""The policy file, local places and S3 places."""

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from graph.errors import ForbiddenError, InvalidError, NotFoundError, SettingError, StemmaError
from graph.reach import Policy, local

MINE, THEIRS = "123456789012", "210987654321"
SECRET = b"the secret of another tenant"


class Folders:
    """A folder that the policy allows, and others beside it that it does not."""

    def __init__(self, base: Path) -> None:
        self.root = base / "mine"
        self.outside = base / "theirs"
        self.neighbour = base / "mine-too"
        for folder in (self.root / "deep", self.outside, self.neighbour):
            folder.mkdir(parents=True)
        (self.root / "data.csv").write_bytes(b"a,b\n")
        (self.root / "deep" / "a b.csv").write_bytes(b"deep\n")
        (self.outside / "secret").write_bytes(SECRET)
        (self.neighbour / "secret").write_bytes(SECRET)
        (self.root / "inner").symlink_to(self.root / "deep" / "a b.csv")
        (self.root / "leak").symlink_to(self.outside / "secret")
        (self.root / "relative-leak").symlink_to("../theirs/secret")
        (self.root / "dangling-leak").symlink_to(self.outside / "missing")
        (self.root / "folder-leak").symlink_to(self.outside)
        (self.root / "hop").symlink_to("folder-leak")
        (self.root / "loop").symlink_to("loop")
        self.policy = written(
            base,
            f"""
            [accounts.{MINE}]
            local = ["{self.root}"]
            [accounts.{THEIRS}]
            local = ["{self.outside}"]
            """,
        )


def written(base: Path, text: str, **options: Any) -> Policy:
    file = base / "policy.toml"
    file.write_text(text)
    file.chmod(0o600)
    return Policy.load(file, **options)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


def read(policy: Policy, account: str, named: str) -> bytes:
    with policy.open(account, named) as file:
        return file.read()


def test_what_lies_in_the_folder(folders: Folders) -> None:
    root = folders.root
    for named in (
        f"{root}/data.csv",
        f"file://{root}/data.csv",
        f"FILE://LOCALHOST{root}/./data.csv",
        f"file:{root}//data.csv",
    ):
        assert read(folders.policy, MINE, named) == b"a,b\n"
        assert folders.policy.local(MINE, named) == root / "data.csv"
    assert read(folders.policy, MINE, f"file://{root}/deep/a%20b.csv") == b"deep\n"
    assert read(folders.policy, MINE, f"{root}/deep/a b.csv") == b"deep\n"
    assert read(folders.policy, MINE, f"{root}/inner") == b"deep\n"
    assert folders.policy.local(MINE, f"{root}/inner") == root / "deep" / "a b.csv"


def test_what_lies_outside(folders: Folders) -> None:
    root, outside = folders.root, folders.outside
    for named in (
        "file:///etc/passwd",
        "file://localhost/etc/passwd",
        "/etc/passwd",
        "/proc/self/environ",
        f"/proc/self/root{root}/data.csv",
        f"{outside}/secret",
        f"{outside}/missing",
        f"file://{outside}/secret",
        f"{folders.neighbour}/secret",
        f"{root.parent}",
        f"{root}/leak",
        f"{root}/relative-leak",
        f"{root}/dangling-leak",
        f"{root}/folder-leak/secret",
        f"{root}/folder-leak/missing",
        f"{root}/hop/secret",
        f"file://{root}/%6Ceak",
        "/",
    ):
        for ask in (folders.policy.local, folders.policy.open):
            with pytest.raises(ForbiddenError, match="STEMMA_POLICY"):
                ask(MINE, named)


def test_an_answer_does_not_tell_whether_a_thing_is_there(folders: Folders) -> None:
    for there, missing in (
        (f"{folders.outside}/secret", f"{folders.outside}/missin"),
        (f"{folders.root}/folder-leak/secret", f"{folders.root}/folder-leak/missin"),
        (f"{folders.root}/folder-leak/secret/x", f"{folders.root}/folder-leak/missin/x"),
    ):
        messages = []
        for named in (there, missing):
            with pytest.raises(ForbiddenError) as caught:
                folders.policy.open(MINE, named)
            messages.append(caught.value.message.replace(named, "X"))
        assert messages[0] == messages[1]


@pytest.mark.parametrize(
    "form",
    [
        "{root}/../theirs/secret",
        "{root}/..",
        "{root}/deep/../data.csv",
        "file://{root}/%2e%2e/theirs/secret",
        "file://{root}/..%2ftheirs%2fsecret",
        "file://{root}/.%2E/theirs/secret",
        "file://otherhost{root}/data.csv",
        "file://localhost:80{root}/data.csv",
        "file://user@localhost{root}/data.csv",
        "file://127.0.0.1{root}/data.csv",
        "file://{root}/data.csv?x",
        "file://{root}/data.csv#x",
        "file://",
        "file:",
        "file:data.csv",
        "http://localhost{root}/data.csv",
        "s3://bucket{root}/data.csv",
        "{root}/data.csv\0.png",
        "file://{root}/data.csv%00.png",
        "data.csv",
        "./data.csv",
        "~/data.csv",
        "",
        "{root}/\ud800",
        "{root}/" + "a" * 5_000,
    ],
)
def test_what_is_not_taken_as_a_place(folders: Folders, form: str) -> None:
    named = form.replace("{root}", str(folders.root))
    for ask in (folders.policy.local, folders.policy.open):
        with pytest.raises(InvalidError):
            ask(MINE, named)


def test_percent_signs_are_decoded_once(folders: Folders) -> None:
    (folders.root / "%2e%2e").mkdir()
    (folders.root / "%2e%2e" / "x").write_bytes(b"odd")
    assert read(folders.policy, MINE, f"file://{folders.root}/%252e%252e/x") == b"odd"
    assert read(folders.policy, MINE, f"{folders.root}/%2e%2e/x") == b"odd"


def test_bytes_that_are_no_text(folders: Folders) -> None:
    (folders.root / os.fsdecode(b"\xff")).write_bytes(b"odd")
    assert read(folders.policy, MINE, f"file://{folders.root}/%FF") == b"odd"


def test_only_regular_files_are_read(folders: Folders) -> None:
    os.mkfifo(folders.root / "pipe")
    for name in ("pipe", "deep", "."):
        with pytest.raises(ForbiddenError, match="not a regular file"):
            folders.policy.open(MINE, f"{folders.root}/{name}")
    with pytest.raises(NotFoundError):
        folders.policy.open(MINE, f"{folders.root}/missing")
    with pytest.raises(NotFoundError):
        folders.policy.open(MINE, f"{folders.root}/data.csv/x")
    with pytest.raises(ForbiddenError):
        folders.policy.open(MINE, f"{folders.root}/loop")


def test_accounts_are_apart(folders: Folders) -> None:
    assert read(folders.policy, THEIRS, f"{folders.outside}/secret") == SECRET
    with pytest.raises(ForbiddenError):
        folders.policy.open(THEIRS, f"{folders.root}/data.csv")
    with pytest.raises(ForbiddenError):
        folders.policy.open("000000000000", f"{folders.root}/data.csv")


def test_a_folder_may_itself_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "x").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    policy = written(tmp_path, f'[accounts.{MINE}]\nlocal = ["{tmp_path}/link/"]')
    assert read(policy, MINE, f"{tmp_path}/link/x") == b"x"
    with pytest.raises(ForbiddenError):
        policy.open(MINE, f"{tmp_path}/real/x")


def test_a_link_that_appears_after_the_check_is_not_followed(folders: Folders) -> None:
    root = str(folders.root)
    with pytest.raises(ForbiddenError):
        local.open_beneath(root, f"{root}/leak", "x")
    with pytest.raises(NotFoundError):
        local.open_beneath(root, f"{root}/folder-leak/secret", "x")


def test_a_link_that_comes_and_goes(folders: Folders) -> None:
    """Whoever may write the folder swaps a folder in it for a link while files are being opened."""
    place = folders.root / "swap"
    place.mkdir()
    (place / "secret").write_bytes(b"mine")
    aside = folders.root / "aside"
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            place.rename(aside)
            place.symlink_to(folders.outside)
            time.sleep(0.0001)
            place.unlink()
            aside.rename(place)
            time.sleep(0.0001)

    thread = threading.Thread(target=swap)
    thread.start()
    outcomes = {"read": 0, "refused": 0}
    end = time.monotonic() + 60
    try:
        while min(outcomes.values()) < 500 and time.monotonic() < end:
            try:
                assert read(folders.policy, MINE, f"{place}/secret") == b"mine"
                outcomes["read"] += 1
            except (ForbiddenError, NotFoundError):
                outcomes["refused"] += 1
    finally:
        done.set()
        thread.join()
    assert min(outcomes.values()) >= 500


@given(st.text(max_size=40))
@settings(max_examples=500, deadline=None)
def test_any_text_is_refused_with_our_errors(text: str) -> None:
    policy = Policy()
    for form in (text, "file://" + text, "file:///" + text, "/" + text):
        for ask in (policy.local, policy.s3, policy.outbound):
            with pytest.raises(StemmaError):
                ask(MINE, form)


def test_without_a_policy_nothing_is_allowed() -> None:
    policy = Policy.load(None)
    for ask, named in (
        (policy.local, "/tmp/x"),
        (policy.s3, "s3://bucket/x"),
        (policy.outbound, "https://example.com/"),
    ):
        with pytest.raises(ForbiddenError):
            ask(MINE, named)


def test_a_command_acts_as_the_local_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x y").write_bytes(b"x")
    policy = Policy.load(None, local_user=True)
    for form in ("x y", "./x y", f"../{tmp_path.name}/x y", f"{tmp_path}/x y", f"file://{tmp_path}/x%20y"):
        assert policy.local(MINE, form) == tmp_path / "x y"
        assert read(policy, MINE, form) == b"x"
    for form in ("", "x\0y", "file://other/x", "\ud800"):
        with pytest.raises(InvalidError):
            policy.local(MINE, form)
    with pytest.raises(ForbiddenError):
        policy.s3(MINE, "s3://bucket/x")
    with pytest.raises(ForbiddenError):
        policy.outbound(MINE, "https://example.com/")


BUCKETS = f"""
[credentials.lake]
profile = "lake"
[credentials.churn]
key_id_variable = "CHURN_KEY_ID"
secret_variable = "CHURN_SECRET"
endpoint = "http://127.0.0.1:9000"
region = "eu-central-1"
[accounts.{MINE}]
s3 = [
    {{ prefix = "s3://lake/", credentials = "lake" }},
    {{ prefix = "s3://lake/churn/", credentials = "churn" }},
    {{ prefix = "s3://shared/team-a/", credentials = "lake" }},
]
[accounts.{THEIRS}]
s3 = [{{ prefix = "s3://theirs/", credentials = "lake" }}]
"""


def test_prefixes_of_s3(tmp_path: Path) -> None:
    policy = written(tmp_path, BUCKETS)
    place = policy.s3(MINE, "s3://lake/a/b%20c é.csv")
    assert (place.bucket, place.key, place.credentials.name) == ("lake", "a/b%20c é.csv", "lake")
    assert place.uri == "s3://lake/a/b%20c é.csv"
    assert policy.s3(MINE, "s3://lake/churn/x").credentials.name == "churn"
    assert policy.s3(MINE, "s3://lake/churnx").credentials.name == "lake"
    assert policy.s3(MINE, "S3://shared/team-a/x").key == "team-a/x"
    assert policy.s3(THEIRS, "s3://theirs/x").bucket == "theirs"


@pytest.mark.parametrize(
    "uri",
    [
        "s3://theirs/x",
        "s3://theirs/missing",
        "s3://shared/",
        "s3://shared/team-ab/x",
        "s3://shared/team-a",
        "s3://lake2/x",
    ],
)
def test_buckets_and_prefixes_of_others(tmp_path: Path, uri: str) -> None:
    with pytest.raises(ForbiddenError, match=r"`s3` in \[accounts.123456789012\]"):
        written(tmp_path, BUCKETS).s3(MINE, uri)


@pytest.mark.parametrize(
    "uri",
    [
        "s3://shared/team-a/../team-b/x",
        "s3://shared/team-a/./x",
        "s3://shared/team-a/..",
        "s3://shared/team-a/x\0y",
        "s3://shared/team-a/x\ny",
        "s3://shared/team-a/\ud800",
        "s3://shared/team-a/" + "é" * 1_000,
        "s3://",
        "s3:///x",
        "s3://sh/x",
        "s3://Shared/x",
        "s3://shared@theirs/x",
        "s3://shared:80/x",
        "s3://shared..x/x",
        "s3://shared?x/y",
        "s3://127.0.0.1:9000/x",
        "s3a://shared/team-a/x",
        "https://shared.s3.amazonaws.com/team-a/x",
        "/shared/team-a/x",
    ],
)
def test_what_is_no_place_in_s3(tmp_path: Path, uri: str) -> None:
    with pytest.raises(InvalidError):
        written(tmp_path, BUCKETS).s3(MINE, uri)


def test_credentials_are_found_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = written(tmp_path, BUCKETS)
    churn = policy.s3(MINE, "s3://lake/churn/x").credentials
    with pytest.raises(SettingError, match="CHURN_KEY_ID is not set"):
        churn.session({})
    session = churn.session({"CHURN_KEY_ID": "AKIDCHURN", "CHURN_SECRET": "s3cr3t"})
    found = session.get_credentials()
    assert found is not None
    assert (found.access_key, found.secret_key, session.region_name) == ("AKIDCHURN", "s3cr3t", "eu-central-1")
    client = churn.client({"CHURN_KEY_ID": "AKIDCHURN", "CHURN_SECRET": "s3cr3t"})
    assert client.meta.endpoint_url == "http://127.0.0.1:9000"

    lake = policy.s3(MINE, "s3://lake/x").credentials
    profiles = tmp_path / "aws"
    profiles.write_text("[lake]\naws_access_key_id = AKIDLAKE\naws_secret_access_key = other\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(profiles))
    found = lake.session().get_credentials()
    assert found is not None
    assert found.access_key == "AKIDLAKE"
    profiles.write_text("")
    with pytest.raises(SettingError, match="no AWS profile 'lake'"):
        lake.session()


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("x", "not TOML"),
        ("\xff", "not TOML"),
        ("[accounts.1]", "accounts.1"),
        ("[accounts.١٢٣٤٥٦٧٨٩٠١٢]", "TOML"),
        (f"[accounts.{MINE}]\nlokal = []", "lokal"),
        ("[account.x]", "account"),
        (f"[accounts.{MINE}]\nlocal = '/x'", "local"),
        (f"[accounts.{MINE}]\nlocal = ['x']", "absolute"),
        (f"[accounts.{MINE}]\nlocal = ['/x/../y']", r"'\.\.'"),
        (f"[accounts.{MINE}]\ns3 = [{{ prefix = 's3://lake/x', credentials = 'l' }}]", "end in '/'"),
        (f"[accounts.{MINE}]\ns3 = [{{ prefix = 's3://lake/', credentials = 'l' }}]", "credentials 'l'"),
        (f"[accounts.{MINE}]\ns3 = [{{ prefix = 's3://lake/' }}]", "credentials"),
        (f"[accounts.{MINE}]\noutbound = ['example.com']", "https://"),
        (f"[accounts.{MINE}]\noutbound = ['http://169.254.169.254']", "can't be allowed"),
        (f"[accounts.{MINE}]\noutbound = ['http://[::ffff:169.254.169.254]']", "can't be allowed"),
        (f"[accounts.{MINE}]\nnetworks = ['169.254.0.0/16']", "can't be allowed"),
        (f"[accounts.{MINE}]\nnetworks = ['fe80::/64']", "can't be allowed"),
        (f"[accounts.{MINE}]\nnetworks = ['10.0.0.1/8']", "host bits"),
        (f"[accounts.{MINE}]\nnetworks = ['localhost']", "localhost"),
        ("[credentials.x]\n", "profile"),
        ("[credentials.x]\nprofile = 'a'\nkey_id_variable = 'b'\nsecret_variable = 'c'", "either"),
        ("[credentials.x]\nkey_id_variable = 'b'", "either"),
        ("[credentials.x]\nprofile = 'a'\nsecret_access_key = 'hunter2'", "secret_access_key"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, text: str, match: str) -> None:
    file = tmp_path / "policy.toml"
    file.write_bytes(text.encode("latin-1") if text == "\xff" else text.encode())
    with pytest.raises(SettingError, match=match) as caught:
        Policy.load(file)
    assert "hunter2" not in caught.value.message
    assert "STEMMA_POLICY" in caught.value.message


def test_the_example_of_the_documentation(tmp_path: Path) -> None:
    page = Path(__file__).parents[3] / "docs" / "how-to" / "policy.md"
    policy = written(tmp_path, page.read_text().split("```toml\n")[1].split("```")[0])
    assert policy.s3(MINE, "s3://shared/team-a/x").credentials.name == "minio"
    assert policy.outbound(MINE, "https://a.example.org:8443/").port == 8443
    assert policy.outbound(MINE, "http://127.0.0.1:9100/").host == "127.0.0.1"
    with pytest.raises(ForbiddenError):
        policy.local(MINE, "/srv/stemma/data2")


def test_objects_of_a_real_s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        monkeypatch.setenv("CHURN_KEY_ID", "AKIDCHURN")
        monkeypatch.setenv("CHURN_SECRET", "s3cr3t")
        policy = written(tmp_path, BUCKETS.replace("9000", str(port)))
        place = policy.s3(MINE, "s3://lake/churn/a%20b é.csv")
        client = place.credentials.client()
        for bucket in ("lake", "theirs"):
            client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        client.put_object(Bucket="theirs", Key="x", Body=SECRET)
        client.put_object(Bucket=place.bucket, Key=place.key, Body=b"mine")
        assert client.get_object(Bucket=place.bucket, Key=place.key)["Body"].read() == b"mine"
        messages = []
        for uri in ("s3://theirs/x", "s3://theirs/y", "s3://theyrs/x"):
            with pytest.raises(ForbiddenError) as caught:
                policy.s3(MINE, uri)
            messages.append(caught.value.message.replace(uri, "X"))
        assert len(set(messages)) == 1
    finally:
        server.stop()


def test_a_file_that_others_may_write(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    with pytest.raises(SettingError, match="can't be read"):
        Policy.load(file)
    file.write_text("")
    for mode in (0o620, 0o602, 0o666):
        file.chmod(mode)
        with pytest.raises(SettingError, match="chmod go-w"):
            Policy.load(file)
    file.chmod(0o644)
    assert Policy.load(file).accounts == {}
