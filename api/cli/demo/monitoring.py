"""The demonstration's monitors: what they learn from held-out records, and what they find in the quarters that follow."""

from dataclasses import dataclass
from pathlib import Path

import orjson

from api.cli.call import Session
from api.cli.demo.census import LABEL, SEX, WOMEN
from monitors import bias, data_quality, model_quality
from monitors.analysis.bias import BiasConfig, Facet
from monitors.analysis.quality import QualityConfig
from monitors.bias import BiasResult
from monitors.data_quality import DataResult
from monitors.model_quality import QualityResult

QUALITY = QualityConfig("BinaryClassification", LABEL, prediction="prediction", probability="probability")
BIAS = BiasConfig(LABEL, (1,), (Facet(SEX, (WOMEN,)),), predicted_label="prediction")
SLACK = 0.01
"""How much worse than on held-out records the model may be: of 17,000 records a few are always told otherwise."""


@dataclass(frozen=True, slots=True)
class Baselines:
    """What later quarters are held against."""

    data: DataResult
    quality: QualityResult
    bias: BiasResult


@dataclass(frozen=True, slots=True)
class Quarter:
    """One window of later data: what each monitor found in it."""

    name: str
    data: DataResult
    quality: QualityResult
    bias: BiasResult

    @property
    def accuracy(self) -> float:
        """The share of the predictions that came true."""
        return self.quality.statistics.metrics["accuracy"].value

    @property
    def violation_arns(self) -> list[str]:
        """The violations that all monitors found."""
        return [*self.data.violation_arns, *self.quality.violation_arns, *self.bias.violation_arns]


async def learn(session: Session, folder: Path, metrics: dict[str, float]) -> Baselines:
    """The baselines of the held-out records, as the model scored them; `metrics` is how good it was."""
    room = (session.catalog, session.artifacts, session.caller)
    scored, outcomes = folder / "baseline.parquet", folder / "baseline-outcomes.parquet"
    least = {
        name: {"threshold": round(metrics[name] - SLACK, 6), "comparison_operator": "LessThanThreshold"}
        for name in ("accuracy", "auc")
    }
    constraints = orjson.dumps({"version": 0.0, "binary_classification_constraints": least})
    return Baselines(
        await data_quality.baseline(*room, scored, name="employment-baseline"),
        await model_quality.baseline(
            *room, outcomes, QUALITY, name="employment-quality-baseline", constraints=constraints
        ),
        await bias.baseline(*room, outcomes, BIAS, name="employment-bias-baseline"),
    )


async def watch(session: Session, quarter: str, folder: Path, learnt: Baselines, model: str) -> Quarter:
    """Hold a quarter, and what became of it, against the baselines."""
    room = (session.catalog, session.artifacts, session.caller)
    captured, outcomes = folder / f"{quarter}.parquet", folder / f"{quarter}-outcomes.parquet"
    return Quarter(
        quarter,
        await data_quality.run(*room, captured, learnt.data.arn, name="employment-monitor", model=model),
        await model_quality.run(*room, outcomes, learnt.quality.arn, name="employment-quality-monitor", model=model),
        await bias.run(*room, outcomes, learnt.bias.arn, name="employment-bias-monitor", model=model),
    )
