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
    "api_key_missing": Known(
        "MLP3013",
        "The model asks for an API key",
        "Its server has MLP_API_KEYS_FILE, on a cluster from the Secret NAME-api-keys, and the request showed no key.",
        "export MLP_API_KEY_FILE=FILE with a key from whoever runs the model; with curl: -H 'X-API-Key: KEY'",
    ),
    "api_key_unknown": Known(
        "MLP3014",
        "The model does not know the API key",
        "It was taken back, or is another model's.",
        "export MLP_API_KEY_FILE=FILE with a key from whoever runs the model",
    ),
    "api_key_unreadable": Known(
        "MLP3015",
        "No API key where one should be",
        "MLP_API_KEY or the file that MLP_API_KEY_FILE names does not hold one key.",
        "one line without blanks, or unset both where the model asks for no key",
    ),
}
