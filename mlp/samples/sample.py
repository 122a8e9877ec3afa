"""A trained sample model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Sample:
    """A fitted estimator and the rows around it."""

    estimator: Any
    rows: pandas.DataFrame
    """Training rows, features only: what the receipt is proved on."""
    held_out: pandas.DataFrame
    """Rows that training did not see, features only."""
    metrics: dict[str, float]
    """Measured on the held-out rows."""
    description: str


def fit(estimator: Any, features: pandas.DataFrame, labels: Any, description: str) -> Sample:
    """Fit `estimator` on four fifths of the rows, and measure its accuracy on the rest."""
    from sklearn.model_selection import train_test_split

    rows, held_out, known, expected = train_test_split(features, labels, test_size=0.2, random_state=0, stratify=labels)
    estimator.fit(rows, known)
    return Sample(
        estimator=estimator,
        rows=rows,
        held_out=held_out,
        metrics={"accuracy": float(estimator.score(held_out, expected))},
        description=description,
    )
