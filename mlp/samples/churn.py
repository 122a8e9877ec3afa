"""Customers who leave: made-up rows, drawn by a rule that is written down here.

A customer has an age (18 to 80 years), monthly charges (20 to 120, two decimals), a tenure (0 to 71 months), a number
of support calls (Poisson, mean 1.5) and, where asked for, a contract (monthly, yearly, two-year). The chance to leave
is the logistic function of

    -1.5 + 0.025 (charges - 70) - 0.05 (tenure - 24) + 0.5 calls - 0.01 (age - 45)
         + 0.8 for a monthly contract, - 0.8 for a two-year one

and a draw against it says who left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlp.samples.sample import Sample, fit

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas

NUMERIC = ("age", "monthly_charges", "tenure", "support_calls")
CONTRACTS = ("monthly", "yearly", "two-year")


def generate(
    rows: int = 2_000, seed: int = 7, *, contract: bool = False
) -> tuple[pandas.DataFrame, npt.NDArray[np.int64]]:
    """Draw customers, and whether each left (1) or stayed (0), by the rule above."""
    import numpy as np
    import pandas as pd

    random = np.random.default_rng(seed)
    customers = pd.DataFrame(
        {
            "age": random.integers(18, 81, rows).astype(float),
            "monthly_charges": random.uniform(20, 120, rows).round(2),
            "tenure": random.integers(0, 72, rows).astype(float),
            "support_calls": random.poisson(1.5, rows).astype(float),
        }
    )
    kind = random.choice(np.array(CONTRACTS, dtype=object), rows)
    score = (
        -1.5
        + 0.025 * (customers["monthly_charges"] - 70)
        - 0.05 * (customers["tenure"] - 24)
        + 0.5 * customers["support_calls"]
        - 0.01 * (customers["age"] - 45)
    )
    if contract:
        customers["contract"] = kind
        score = score + 0.8 * (kind == "monthly") - 0.8 * (kind == "two-year")
    left = random.uniform(size=rows) < 1 / (1 + np.exp(-score))
    return customers, left.to_numpy().astype(np.int64)


def numeric() -> Sample:
    """Train gradient boosting on the four numbers."""
    from sklearn.ensemble import GradientBoostingClassifier

    model = GradientBoostingClassifier(n_estimators=60, random_state=0)
    return fit(model, *generate(), "gradient boosting of 60 trees")


def with_contract() -> Sample:
    """Train a pipeline that encodes the contract, a string column, beside the numbers."""
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    columns = make_column_transformer((StandardScaler(), list(NUMERIC)), (OneHotEncoder(), ["contract"]))
    model = make_pipeline(columns, LogisticRegression())
    return fit(model, *generate(contract=True), "logistic regression over numbers and a string column")
