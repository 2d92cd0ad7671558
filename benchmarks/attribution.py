"""Our estimator beside evaluating the model, and beside KernelExplainer at equal error: `python -m benchmarks.attribution`."""

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from benchmarks import machine
from monitors.analysis.attribution import AttributionConfig, attribution_report
from monitors.analysis.attribution.permutation import BATCH, ORDERS

COLUMNS = 20
PEER_ROWS = 100
ROUNDS = 3
Numbers = NDArray[np.float64]


def timed(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    began = clock()
    work()
    return clock() - began


def estimate(
    predict: Callable[[pl.DataFrame], Numbers], frame: pl.DataFrame, evaluations: int, seed: int = 0
) -> Numbers:
    base = (dict.fromkeys(frame.columns, 0.0),)
    report = attribution_report(
        predict, frame, AttributionConfig(baseline=base, samples=evaluations, seed=seed), replicates=0
    )
    assert report.local is not None
    return report.local.explanation.values[:, :, 0]


def beside_the_model(predict: Callable[[pl.DataFrame], Numbers], frame: pl.DataFrame) -> None:
    each = ORDERS * (COLUMNS - 1)
    asked = frame.height * each
    block = pl.concat([frame] * (BATCH // frame.height + 1)).head(BATCH)
    plain, ours = [], []

    def evaluate() -> None:
        for begin in range(0, asked, BATCH):
            predict(block.head(min(BATCH, asked - begin)))

    # Seconds of the processor, which a busy machine stretches less than those of the clock.
    for _ in range(ROUNDS):
        plain.append(timed(evaluate, time.process_time))
        ours.append(timed(lambda: estimate(predict, frame, each), time.process_time))
    print(f"{frame.height:,} rows × {COLUMNS} features, {asked:,} evaluations, {ROUNDS} rounds, processor time")
    print(f"  the model on as many rows  {machine.ms(plain)}")
    print(f"  attributions               {machine.ms(ours)}")
    print(
        f"  ratio {machine.median(ours) / machine.median(plain):.2f} (aim 1.2), of the fastest {min(ours) / min(plain):.2f}"
    )


def beside_kernel(predict: Callable[[pl.DataFrame], Numbers], frame: pl.DataFrame) -> None:
    import shap

    rows = frame.head(PEER_ROWS)
    names = frame.columns
    truth = estimate(predict, rows, 400 * (COLUMNS - 1), seed=99)

    def matrix(x: Numbers) -> Numbers:
        return predict(pl.DataFrame(x, names, orient="row"))

    def error(found: Numbers) -> float:
        return float(np.sqrt(np.mean((found - truth) ** 2)))

    explainer = shap.KernelExplainer(matrix, np.zeros((1, COLUMNS)))
    np.random.seed(0)
    theirs: dict[str, Numbers] = {}
    seconds = timed(
        lambda: theirs.update(values=explainer.shap_values(rows.to_numpy(), nsamples=100, l1_reg=False, silent=True))
    )
    aim = error(theirs["values"])
    # The fewest orders that are as exact.
    for pairs in range(1, 50):
        evaluations = 2 * pairs * (COLUMNS - 1)
        began = time.perf_counter()
        ours = estimate(predict, rows, evaluations)
        took = time.perf_counter() - began
        if error(ours) <= aim:
            break
    print(f"{PEER_ROWS} rows, root mean square error against {400 * (COLUMNS - 1):,} evaluations a row")
    print(f"  KernelExplainer, 100 coalitions  {seconds:7.2f} s, error {aim:.5f}")
    print(f"  ours, {evaluations} evaluations         {took:7.2f} s, error {error(ours):.5f}")
    print(f"  KernelExplainer takes {seconds / took:.1f} times as long (aim 8)", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000)
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", message="Linear regression equation is singular")
    print(machine.describe())
    rng = np.random.default_rng(0)
    x = rng.normal(size=(arguments.rows, COLUMNS))
    y = x[:, 0] + x[:, 1] * x[:, 2] + x[:, 3] * x[:, 4] * x[:, 5] + rng.normal(size=arguments.rows) > 0
    model = HistGradientBoostingClassifier(max_iter=60, random_state=0).fit(x, y)
    frame = pl.DataFrame(x, [f"f{position}" for position in range(COLUMNS)], orient="row")

    def predict(rows: pl.DataFrame) -> Numbers:
        chances: Numbers = model.predict_proba(rows.to_numpy())[:, 1]
        return chances

    # Threads of the model would wait for others on a busy machine.
    with threadpool_limits(1):
        beside_the_model(predict, frame)
        beside_kernel(predict, frame)


if __name__ == "__main__":
    main()
