"""A data set held against its constraints and its baseline."""

import math
from collections.abc import Iterator, Mapping

from monitors.analysis.constraints import Constraints, FeatureConstraints
from monitors.analysis.drift import ChiSquared, categorical_distance, chi_squared, numeric_distance, robust
from monitors.analysis.intervals import of_distance, of_share
from monitors.analysis.multiple import adjusted
from monitors.analysis.statistics import Categories, FeatureStatistics, Statistics
from monitors.analysis.violations import CheckType, Violation

_MOST_NAMED = 20


def find_violations(current: Statistics, baseline: Statistics, constraints: Constraints) -> list[Violation]:
    """Hold a data set against the constraints and the statistics of its baseline.

    Missing columns come first, then extra ones, then every other check feature by feature in the constraints' order.
    Features whose `evaluate_constraints` is Disabled are passed over (extra columns follow the whole file's setting).
    Drift is measured where both sides are numeric or both have texts.

    Args:
        current: Statistics of the data in question, computed here or read from a file.
        baseline: Statistics of the baseline; a stored `statistics.json` holds all that is needed.
        constraints: What to hold it against.

    Returns:
        The violations; none when everything is satisfied.

    Example:
        >>> find_violations(statistics, statistics, suggest_constraints(statistics))  # doctest: +SKIP
        []
    """
    found = list(_column_violations(current, constraints))
    tests = _chi_squared_tests(current, baseline, constraints)
    p_values = adjusted(
        {name: test.p_value for name, test in tests.items() if not math.isnan(test.p_value)},
        constraints.config.correction,
    )
    for constraint in constraints.features.values():
        feature = current.features.get(constraint.name)
        if feature is None or not constraint.config.evaluate_constraints:
            continue
        found += _data_type(feature, constraint)
        found += _completeness(feature, constraint)
        found += _non_negative(feature, constraint)
        found += _domain(feature, constraint)
        before = baseline.features.get(constraint.name)
        if before is not None and constraint.config.perform_comparison:
            if constraint.name in tests:
                found += _chi_squared(feature, before, constraint, tests[constraint.name], p_values)
            else:
                found += _drift(feature, before, constraint)
    return found


def _column_violations(current: Statistics, constraints: Constraints) -> Iterator[Violation]:
    here, there = len(current.features), len(constraints.features)
    counts = f"Number of columns in current dataset: {here}, Number of columns in baseline constraints: {there}."

    def violation(name: str, check: CheckType, kind: str) -> Violation:
        return Violation(
            feature_name=name,
            constraint_check_type=check,
            description=f"There are {kind} columns in current dataset. {counts} {kind.capitalize()}: {name}.",
            expected=there,
            observed=here,
            threshold=None,
            sample_size=current.item_count,
        )

    for name, constraint in constraints.features.items():
        if name not in current.features and constraint.config.evaluate_constraints:
            yield violation(name, "missing_column_check", "missing")
    if constraints.config.evaluate_constraints:
        for name in current.features:
            if name not in constraints.features:
                yield violation(name, "extra_column_check", "extra")


def _data_type(feature: FeatureStatistics, constraint: FeatureConstraints) -> Iterator[Violation]:
    """The share of values that match the expected type.

    An Integral value is a Fractional one too. A String column may hold texts that look like numbers, and its baseline
    often does; only when nothing else is left does it no longer match.
    """
    expected, threshold = constraint.inferred_type, constraint.config.datatype_check_threshold
    if expected is None or expected == "Unknown" or feature.present == 0:
        return
    counts = feature.type_counts
    if expected == "String":
        share = 1.0 if feature.inferred_type == "String" else 0.0
    else:
        matching = counts.get("Integral", 0) + (counts.get("Fractional", 0) if expected == "Fractional" else 0)
        share = matching / feature.present
    if share < threshold:
        yield Violation(
            feature_name=feature.name,
            constraint_check_type="data_type_check",
            description=(
                f"Data type match requirement is not met. Expected data type: {expected}, Expected match: "
                f"{100 * threshold}%. Observed: Only {100 * share}% of data is {expected}."
            ),
            expected=expected,
            observed=share,
            threshold=threshold,
            sample_size=feature.present,
            interval=of_share(share, feature.present),
        )


def _completeness(feature: FeatureStatistics, constraint: FeatureConstraints) -> Iterator[Violation]:
    expected, observed = constraint.completeness, feature.completeness
    if expected is not None and observed < expected:
        yield Violation(
            feature_name=feature.name,
            constraint_check_type="completeness_check",
            description=(
                f"Completeness requirement is not met. Expected completeness: {100 * expected}%. Observed: Only "
                f"{100 * observed}% of {feature.present + feature.missing} rows have a value."
            ),
            expected=expected,
            observed=observed,
            threshold=expected,
            sample_size=feature.present + feature.missing,
            interval=of_share(observed, feature.present + feature.missing),
        )


def _non_negative(feature: FeatureStatistics, constraint: FeatureConstraints) -> Iterator[Violation]:
    if constraint.is_non_negative and feature.numerical is not None and feature.numerical.min < 0:
        yield Violation(
            feature_name=feature.name,
            constraint_check_type="non_negative_check",
            description=(
                "Non-negative requirement is not met. Expected smallest value: 0 or more. Observed: "
                f"{feature.numerical.min}, the smallest of {feature.present} values."
            ),
            expected=0,
            observed=feature.numerical.min,
            threshold=0.0,
            sample_size=feature.present,
        )


def _domain(feature: FeatureStatistics, constraint: FeatureConstraints) -> Iterator[Violation]:
    categories, threshold = feature.categories, constraint.config.domain_content_threshold
    if not constraint.domains or categories is None or categories.total == 0:
        return
    domain = set(constraint.domains)
    share = _inside(categories, domain) / categories.total
    if share >= threshold:
        return
    unexpected = [value for value in categories.counts if value not in domain]
    named = ", ".join(map(repr, unexpected[:5])) + (" …" if len(unexpected) > 5 else "")
    yield Violation(
        feature_name=feature.name,
        constraint_check_type="categorical_values_check",
        description=(
            f"Domain requirement is not met. Expected match: {100 * threshold}%. Observed: Only {100 * share}% of "
            f"{categories.total} values are among the {len(domain)} of the baseline. Not among them: {named or '…'}."
        ),
        expected=list(constraint.domains),
        observed=share,
        threshold=threshold,
        sample_size=categories.total,
        interval=of_share(share, categories.total),
        unexpected=unexpected[:_MOST_NAMED],
    )


def _inside(categories: Categories, domain: set[str]) -> int:
    """How many values are in the domain; where the list of texts was cut, as many as there can be."""
    inside = sum(count for value, count in categories.counts.items() if value in domain)
    unlisted = len(domain - categories.counts.keys())
    rarest = min(categories.counts.values(), default=categories.other)
    error = categories.error * (len(domain) - unlisted)
    return inside + min(categories.other, unlisted * (rarest + categories.error) + error)


def _drift(current: FeatureStatistics, baseline: FeatureStatistics, constraint: FeatureConstraints) -> list[Violation]:
    config = constraint.config
    now, before = current.numerical, baseline.numerical
    if now is not None and before is not None:
        if now.sketch is None or before.sketch is None:
            return []
        n, m = now.sketch.total_weight, before.sketch.total_weight
        distance = numeric_distance(now.sketch, before.sketch)
        threshold = config.comparison_threshold
    elif current.categories is not None and baseline.categories is not None:
        n, m = current.categories.total, baseline.categories.total
        distance = categorical_distance(current.categories, baseline.categories)
        threshold = config.categorical_comparison_threshold
    else:
        return []
    if math.isnan(distance):
        return []
    method, interval = "linf_simple", of_distance(distance, n, m, categories=now is None)
    if config.comparison_method == "Robust":
        method, distance = "linf_robust", robust(distance, n, m)
        interval = (robust(interval[0], n, m), robust(interval[1], n, m))
    if distance <= threshold:
        return []
    return [
        Violation(
            feature_name=current.name,
            constraint_check_type="baseline_drift_check",
            description=(
                f"Baseline drift distance: {distance} exceeds threshold: {threshold}. ({method}; {n} values against "
                f"{m} of the baseline.)"
            ),
            expected=threshold,
            observed=distance,
            threshold=threshold,
            sample_size=n,
            baseline_sample_size=m,
            method=method,
            interval=interval,
        )
    ]


def _chi_squared_tests(current: Statistics, baseline: Statistics, constraints: Constraints) -> dict[str, ChiSquared]:
    """The tests that the constraints ask for, all of them, since they may have to be adjusted together."""
    tests: dict[str, ChiSquared] = {}
    for name, constraint in constraints.features.items():
        now, before, config = current.features.get(name), baseline.features.get(name), constraint.config
        if now is None or before is None or not (config.evaluate_constraints and config.perform_comparison):
            continue
        if config.categorical_drift_method != "ChiSquared" or now.categories is None or before.categories is None:
            continue
        tests[name] = chi_squared(now.categories, before.categories)
    return tests


def _chi_squared(
    current: FeatureStatistics,
    baseline: FeatureStatistics,
    constraint: FeatureConstraints,
    test: ChiSquared,
    p_values: Mapping[str, float],
) -> list[Violation]:
    threshold = constraint.config.categorical_comparison_threshold
    p_value = p_values.get(current.name, math.nan)
    if not p_value < threshold or current.categories is None or baseline.categories is None:
        return []  # also when it is NaN: nothing could be tested
    n, m = current.categories.total, baseline.categories.total
    among = "" if p_value == test.p_value else f", {test.p_value} before it was adjusted for {len(p_values)} tests"
    return [
        Violation(
            feature_name=current.name,
            constraint_check_type="baseline_drift_check",
            description=(
                f"Baseline drift p-value: {p_value} is under threshold: {threshold}. (Chi-squared statistic "
                f"{test.statistic} with {test.degrees_of_freedom} degrees of freedom{among}; {n} values against {m} of "
                "the baseline.)"
            ),
            expected=threshold,
            observed=p_value,
            threshold=threshold,
            sample_size=n,
            baseline_sample_size=m,
            method="chi_squared",
        )
    ]
