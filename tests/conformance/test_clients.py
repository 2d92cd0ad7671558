"""The SDKs, unmodified: every scenario of `clients/`, on both databases, and nothing left the machine's loopback."""

import ast

import pytest

from tests.conformance.conftest import CLIENTS, MODULES, Ran
from tests.conformance.responses import Checked

Outcome = tuple[dict[str, Ran], Checked]
SCENARIOS = [
    (environment, f"{module}:{node.name}")
    for environment, modules in MODULES.items()
    for module in modules
    for node in ast.parse((CLIENTS / f"{module}.py").read_text(encoding="utf-8")).body
    if isinstance(node, ast.FunctionDef) and node.name.startswith("scenario_")
]


@pytest.mark.parametrize(("environment", "scenario"), SCENARIOS)
def test_an_unmodified_client_works(ran: Outcome, environment: str, scenario: str) -> None:
    error = ran[0][environment].scenarios[scenario]
    assert error is None, error


@pytest.mark.parametrize("environment", MODULES)
def test_nothing_left_loopback(ran: Outcome, environment: str) -> None:
    connections = ran[0][environment].connections
    assert len([line for line in connections if line.startswith("loopback socket.connect")]) > 10
    assert [line for line in connections if not line.startswith("loopback ")] == []


def test_every_answer_fits_the_model(ran: Outcome) -> None:
    checked = ran[1]
    assert checked.found == []
    assert checked.answers["sagemaker:QueryLineage", 200] > 10
    assert checked.answers["sagemaker-metrics:BatchPutMetrics", 200] > 10
