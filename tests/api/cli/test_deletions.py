"""`stemma entity delete`, with what goes along."""

import os
import pty
import subprocess

from tests.api.cli.conftest import STEMMA, Stemma


def chain(stemma: Stemma) -> tuple[str, str, str]:
    first, second, third = (stemma.ok("entity", "create-context", name)["arn"] for name in ("one", "two", "three"))
    stemma.ok("entity", "associate", first, second, "--as", "derived-from")
    stemma.ok("entity", "associate", second, third)
    return first, second, third


def test_descendants_are_shown_and_deleted_when_that_is_said(stemma: Stemma) -> None:
    first, second, third = chain(stemma)
    delete = ("entity", "delete", first, "--cascade", "descendants")
    shown = stemma.ok(*delete, "--preview")
    assert [row["name"] for row in shown["entities"]] == ["one", "two"]
    assert (shown["preview"], shown["entityCount"], shown["associationCount"], shown["kept"]) == (True, 2, 2, [])
    text = stemma(*delete, "--preview").out
    assert "2 entities, 2 associations" in text
    assert all(word in text for word in ("would end", "context/one", "context/two"))
    # Nobody sits at a terminal who could be asked.
    for asked in ((*delete, "--json"), delete):
        refused = stemma(*asked)
        assert (refused.code, "--yes" in refused.err) == (2, True)
    assert stemma.ok("entity", "show", second)["name"] == "two"
    done = stemma.ok(*delete, "--yes")
    assert (done["entityCount"], done["changed"], done["preview"]) == (2, True, False)
    assert [stemma("entity", "show", arn).code for arn in (first, second, third)] == [1, 1, 0]
    assert stemma("verify").code == 0


def test_a_person_is_asked(stemma: Stemma) -> None:
    first, second, _ = chain(stemma)

    def answer(word: str) -> tuple[int, str]:
        outside, inside = pty.openpty()
        command = [str(STEMMA), "entity", "delete", first, "--cascade", "descendants"]
        variables = {"STEMMA_DATA_DIR": str(stemma.data_dir), "STEMMA_ACCOUNT": stemma.account}
        with subprocess.Popen(
            command,
            cwd=stemma.folder,
            env={**os.environ, **variables},
            stdin=inside,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            os.close(inside)
            os.write(outside, f"{word}\n".encode())
            out, _ = process.communicate(timeout=120)
            os.close(outside)
        return process.returncode, out

    code, out = answer("n")
    assert (code, "Delete them?" in out, "context/two" in out) == (1, True, True)
    assert stemma("entity", "show", second).code == 0
    code, out = answer("y")
    assert (code, "deleted" in out) == (0, True)
    assert stemma("entity", "show", second).code == 1
