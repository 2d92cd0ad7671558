"""Bias metrics by `smclarify`, run by the Python of its own environment: JSON in, JSON out.

In: a list of {"columns": {name: [values]}, "facet", "facet_values", "label", "label_values", "predicted", "group"}.
Out: per table and stage a list of {"value_or_threshold", "metrics": [{"name", "value", "error"?}]}, or {"error"}.
"""

import json
import logging
import sys
from typing import Any

import pandas as pd
from smclarify.bias.report import FacetColumn, LabelColumn, StageType, bias_report

logging.disable(logging.CRITICAL)


def report(table: dict[str, Any], stage: StageType) -> Any:
    frame = pd.DataFrame(table["columns"])
    group = frame[table["group"]] if table["group"] else None
    frame = frame.drop(columns="group")
    predicted = table["predicted"]
    try:
        return bias_report(
            frame,
            FacetColumn(table["facet"], list(table["facet_values"]) or None),
            LabelColumn(table["label"], frame[table["label"]], list(table["label_values"])),
            stage,
            LabelColumn(predicted, frame[predicted]) if stage is StageType.POST_TRAINING else None,
            group_variable=group,
        )
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


answers = [{stage.value: report(table, stage) for stage in StageType} for table in json.load(sys.stdin)]
json.dump(answers, sys.stdout)
