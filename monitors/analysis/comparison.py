"""`drift.json`: how far a data set lies from its baseline, feature by feature, by every distance we have.

Schema: `docs/reference/schemas/drift.schema.json`. It decides nothing: what is a violation stands in
`constraint_violations.json`.
"""

import math
from dataclasses import dataclass

from monitors.analysis.distances import Distances, categorical_distances, numeric_distances
from monitors.analysis.drift import categorical_distance, numeric_distance, robust
from monitors.analysis.intervals import Interval, of_distance
from monitors.analysis.jsonfile import Document, dump, number
from monitors.analysis.multiple import Correction, adjusted
from monitors.analysis.statistics import Categories, FeatureStatistics, Statistics

VERSION = 1


@dataclass(frozen=True)
class FeatureDrift:
    """One feature on both sides.

    Attributes:
        name: The feature.
        kind: Whether numbers or texts were compared.
        sample_size: Values now.
        baseline_sample_size: Values in the baseline.
        linf: The largest difference of the cumulative distributions, or of the shares of one text.
        linf_robust: The same less what chance may do.
        interval: Of `linf`, at 95 %.
        distances: The others.
        adjusted_p_value: `distances.p_value`, adjusted for all features' being tested.
        new_categories: Texts that are listed now and not in the baseline, most frequent first.
        vanished_categories: Texts that the baseline lists and that are not there now.
        categories_complete: Whether both sides list all their texts; if not, a new one may only have been too rare.
    """

    name: str
    kind: str
    sample_size: int
    baseline_sample_size: int
    linf: float
    linf_robust: float
    interval: Interval
    distances: Distances
    adjusted_p_value: float = math.nan
    new_categories: tuple[str, ...] = ()
    vanished_categories: tuple[str, ...] = ()
    categories_complete: bool = True

    def to_document(self) -> Document:
        """The feature as it stands in the file."""
        document: Document = {
            "name": self.name,
            "kind": self.kind,
            "sample_size": self.sample_size,
            "baseline_sample_size": self.baseline_sample_size,
            "linf_simple": number(self.linf),
            "linf_robust": number(self.linf_robust),
            "interval": [number(end) for end in self.interval],
            "psi": number(self.distances.psi),
            "jensen_shannon": number(self.distances.jensen_shannon),
            "p_value": number(self.distances.p_value),
            "adjusted_p_value": number(self.adjusted_p_value),
        }
        if self.kind == "numeric":
            document["wasserstein"] = number(self.distances.wasserstein)
        else:
            document["new_categories"] = list(self.new_categories)
            document["vanished_categories"] = list(self.vanished_categories)
            document["categories_complete"] = self.categories_complete
        return document


def compare(
    current: Statistics, baseline: Statistics, correction: Correction = "BenjaminiHochberg"
) -> list[FeatureDrift]:
    """Every feature that has values on both sides and is numeric on both, or has texts on both.

    Args:
        current: The data in question.
        baseline: What it is held against.
        correction: How the p-values are adjusted for testing many features.

    Example:
        >>> [drift.distances.psi for drift in compare(statistics, statistics)]  # doctest: +SKIP
        [0.0, 0.0]
    """
    found = [
        drift
        for name, before in baseline.features.items()
        if name in current.features and (drift := _compare(current.features[name], before)) is not None
    ]
    tested = {drift.name: drift.distances.p_value for drift in found if not math.isnan(drift.distances.p_value)}
    p_values = adjusted(tested, correction)
    return [
        FeatureDrift(**{**drift.__dict__, "adjusted_p_value": p_values.get(drift.name, math.nan)}) for drift in found
    ]


def drift_document(drifts: list[FeatureDrift], correction: Correction = "BenjaminiHochberg") -> Document:
    """The whole of `drift.json`."""
    return {"version": VERSION, "correction": correction, "features": [drift.to_document() for drift in drifts]}


def drift_to_json(drifts: list[FeatureDrift], correction: Correction = "BenjaminiHochberg") -> bytes:
    """The bytes of `drift.json`: strict JSON, the same for the same features."""
    return dump(drift_document(drifts, correction))


def _compare(now: FeatureStatistics, before: FeatureStatistics) -> FeatureDrift | None:
    if now.numerical is not None and before.numerical is not None:
        current, baseline = now.numerical.sketch, before.numerical.sketch
        if current is None or baseline is None or not current.total_weight or not baseline.total_weight:
            return None
        n, m = current.total_weight, baseline.total_weight
        distance = numeric_distance(current, baseline)
        return FeatureDrift(
            *(now.name, "numeric", n, m, distance, robust(distance, n, m), of_distance(distance, n, m)),
            numeric_distances(current, baseline),
        )
    if now.categories is not None and before.categories is not None:
        texts, known = now.categories, before.categories
        n, m = texts.total, known.total
        if not n or not m:
            return None
        distance = categorical_distance(texts, known)
        return FeatureDrift(
            *(now.name, "categorical", n, m, distance, robust(distance, n, m)),
            of_distance(distance, n, m, categories=True),
            categorical_distances(texts, known),
            new_categories=tuple(value for value in texts.counts if value not in known.counts),
            vanished_categories=tuple(value for value in known.counts if value not in texts.counts),
            categories_complete=_complete(texts) and _complete(known),
        )
    return None


def _complete(categories: Categories) -> bool:
    return categories.other == 0 and categories.error == 0
