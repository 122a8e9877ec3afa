"""Failures of predictions: what is wrong with a row."""

from __future__ import annotations

from collections.abc import Mapping

from mlp.cli.catalogue.known import Known

PREDICTIONS: Mapping[str, Known] = {
    "unknown_feature": Known(
        "MLP3002",
        "Unknown feature",
        "The model has no feature of that name.",
        "mlp predict {name} --example prints a row with every feature",
    ),
    "missing_feature": Known(
        "MLP3003",
        "A feature is missing",
        "A row must give every feature that the model was trained with.",
        "mlp predict {name} --example prints a row with every feature",
    ),
    "invalid_value": Known(
        "MLP3004",
        "A value does not fit its feature",
        "It has another type, or is outside what the model can take.",
        "mlp model show {model} lists the types",
    ),
    "no_rows": Known(
        "MLP3005",
        "Nothing to predict",
        "Neither -i nor -f gave a row.",
        "mlp predict {name} -i FEATURE=VALUE …, or -f FILE",
    ),
    "invalid_rows_file": Known(
        "MLP3006",
        "The file holds no rows",
        "Expected JSON (records, lists, or a request body) or CSV with a header.",
        "mlp predict {name} --example prints a file that works",
    ),
    "wrong_type": Known(
        "MLP3007",
        "A value has the wrong type",
        "A number was expected where text stands, or the other way round.",
        "mlp model show {model} lists the types",
    ),
    "wrong_width": Known(
        "MLP3008",
        "A row has too many or too few values",
        "Rows by position give every feature, in the model's order.",
        "mlp predict {name} --example prints a row with every feature",
    ),
    "empty_batch": Known(
        "MLP3009",
        "No rows",
        "The request holds no row.",
        "send at least one row",
    ),
    "unknown_category": Known(
        "MLP3010",
        "A category that training did not see",
        "The model cannot encode it, as the original could not.",
        "mlp model show {model} lists the categories",
    ),
    "missing_value": Known(
        "MLP3011",
        "A value is missing",
        "The model was trained without missing values there.",
        "give the value that the message names",
    ),
    "out_of_range": Known(
        "MLP3012",
        "A number is out of range",
        "It does not fit the feature's type.",
        "mlp model show {model} lists the types",
    ),
}
