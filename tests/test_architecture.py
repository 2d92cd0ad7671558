"""The house's rules that a reader would otherwise have to trust."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = ("cypher", "graph", "monitors", "reports", "api")
MODULES = sorted(path for package in ORDER for path in (ROOT / package).rglob("*.py"))


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    above = ORDER[ORDER.index(package) + 1 :]
    tops = {name.split(".")[0] for name in imports(path)}
    assert not tops & set(above)


@pytest.mark.parametrize("path", sorted((ROOT / "monitors" / "analysis").rglob("*.py")), ids=lambda path: path.name)
def test_the_mathematics_know_nothing_else_of_ours(path: Path) -> None:
    ours = {name for name in imports(path) if name.split(".")[0] in ORDER}
    assert all(name.startswith("monitors.analysis") for name in ours)


def test_every_dependency_has_its_reason() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["demo"],
        *project["dependency-groups"]["dev"],
    ]
    reasons = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    for requirement in named:
        name = requirement.split(">")[0].split("=")[0].split("[")[0]
        if not name.startswith("types-"):
            assert name in reasons, name
