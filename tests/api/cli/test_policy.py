"""`STEMMA_POLICY` at the command line: a command is the local user, and a policy with a mistake is told at once."""

from pathlib import Path

from tests.api.cli.conftest import Stemma


def test_a_file_uri_names_the_same_data(stemma: Stemma) -> None:
    folder = stemma.folder / "with space"
    folder.mkdir()
    (folder / "a.csv").write_text("x\n1\n2\n")
    first = stemma.ok("monitor", "baseline", str(folder / "a.csv"))
    again = stemma.ok("monitor", "baseline", f"file://{folder.parent}/with%20space/a.csv")
    assert again["data"] == first["data"]
    # What can't be meant is wrong use; what may not be touched fails.
    for name, code in (("file://elsewhere/a.csv", 2), ("s3://bucket/a.csv", 1), (f"file://{folder}/../a.csv", 2)):
        done = stemma("monitor", "baseline", name)
        assert done.code == code, done
        assert name in done.err


def test_a_policy_with_a_mistake(stemma: Stemma, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[accounts.123456789012]\nlokal = []\n")
    policy.chmod(0o600)
    (tmp_path / "a.csv").write_text("x\n1\n")
    for arguments in (["serve", "--port", "0"], ["monitor", "baseline", str(tmp_path / "a.csv")]):
        done = stemma(*arguments, environment={"STEMMA_POLICY": str(policy)})
        assert done.code == 2, done
        assert "lokal" in done.err
        assert "STEMMA_POLICY" in done.err
