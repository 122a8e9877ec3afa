from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_iris

from mlp.packaging import Package
from mlp.packaging.session import Session
from mlp.proof import reproduce


@pytest.fixture(scope="session")
def iris() -> tuple[pd.DataFrame, np.ndarray]:
    """150 flowers of four measures, and their species as text."""
    rows, species = load_iris(return_X_y=True, as_frame=True)
    rows.columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    return rows, np.array(["setosa", "versicolor", "virginica"])[species]


@pytest.fixture(scope="session")
def diabetes() -> tuple[np.ndarray, np.ndarray]:
    """150 patients of ten measures, and the progress of their illness."""
    rows, progress = load_diabetes(return_X_y=True)
    return rows[:150] * 100, progress[:150]


@pytest.fixture(scope="session")
def customers() -> tuple[pd.DataFrame, np.ndarray]:
    """300 customers with numbers, text, booleans and missing values, and whether they left."""
    random = np.random.default_rng(7)
    rows = pd.DataFrame(
        {
            "age": random.integers(18, 80, 300),
            "monthly charges": random.normal(70, 20, 300).round(2),
            "contract": random.choice(["month", "year", "two-year"], 300),
            "city": random.choice(["Bern", "Zürich", 'O\'x "y"'], 300),
            "vip": random.random(300) < 0.3,
        }
    )
    left = rows["monthly charges"] + 15 * (rows["contract"] == "month") + random.normal(0, 5, 300) > 78
    return rows, np.where(left, "left", "stayed")


@pytest.fixture(scope="session")
def customers_with_gaps(customers: tuple[pd.DataFrame, np.ndarray]) -> tuple[pd.DataFrame, np.ndarray]:
    rows, left = customers[0].copy(), customers[1]
    rows.loc[::7, "contract"] = None
    rows.loc[::5, "monthly charges"] = np.nan
    return rows, left


@pytest.fixture(scope="session")
def served() -> Callable[[Package], int]:
    """Answers the golden rows with the very bytes that would be uploaded; says how many there were."""

    def reproduced(package: Package) -> int:
        comparison = reproduce(Session(package.model).run, package.manifest.signature, package.manifest.receipt)
        return 0 if comparison is None else comparison.rows

    return reproduced
