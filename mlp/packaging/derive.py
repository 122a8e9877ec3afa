"""What a fitted estimator knows of the data that it was trained on, and rows made from that.

A weaker proof than rows that a user gives, and far better than none: scalers know centre and spread, encoders their
categories, trees the values at which they decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, OrdinalEncoder, TargetEncoder

from mlp.packaging.parts import Part, parts_of

ROWS = 512
MISSING_SHARE = 0.05
EXEMPLARS = ("_fit_X", "support_vectors_", "X_train_", "theta_", "cluster_centers_", "means_")
"""Attributes of shape [any, features] that hold points from where the training data were."""
BORDERS_KEPT = 1_000
WORDS_IN_TEXT = 8


@dataclass
class Known:
    """What is known of one feature."""

    categories: list[Any] | None = None
    """The values seen at training, among them None or NaN where a missing value was one."""
    closed: bool = False
    """Whether any other value is an error."""
    fills_missing: bool = False
    """Whether a missing value becomes `fill` before anything else sees it."""
    fill: Any = None
    center: float = 0.0
    spread: float = 1.0
    borders: list[float] = field(default_factory=list)
    """Values at which a tree or a binning decides."""
    words: list[str] | None = None
    """The vocabulary, where the feature is free text."""

    @property
    def is_text(self) -> bool:
        """Whether the values are strings."""
        if self.words is not None or isinstance(self.fill, str):
            return True
        return any(isinstance(category, str) for category in self.categories or ())


def learn(estimator: Any, width: int) -> list[Known]:
    """Return what `estimator` knows of each of its `width` features."""
    known = [Known() for _ in range(width)]
    for part in parts_of(estimator, width):
        mine = [known[column] for column in part.columns]
        _learn_categories(part, mine)
        _learn_location(part, mine)
        _learn_borders(part, mine)
    return known


def derived_rows(known: Sequence[Known], names: Sequence[str], rows: int = ROWS) -> pd.DataFrame:
    """Return rows that fit what is known; the same ones each time."""
    random = np.random.default_rng(0)
    return pd.DataFrame({name: _column(one, rows, random) for name, one in zip(names, known, strict=True)})


def _learn_categories(part: Part, mine: Sequence[Known]) -> None:
    estimator = part.estimator
    if isinstance(estimator, OneHotEncoder | OrdinalEncoder | TargetEncoder):
        for one, categories in zip(mine, estimator.categories_, strict=True):
            one.categories = np.asarray(categories).tolist()
            one.closed = one.closed or getattr(estimator, "handle_unknown", None) == "error"
    if isinstance(estimator, CountVectorizer):  # and TfidfVectorizer, which is one
        mine[0].words = sorted(estimator.vocabulary_)
    if isinstance(estimator, SimpleImputer):
        for one, statistic in zip(mine, np.asarray(estimator.statistics_, dtype=object).tolist(), strict=True):
            one.fills_missing, one.fill = True, statistic
            if isinstance(statistic, int | float) and np.isfinite(statistic):
                one.center = float(statistic)


def _learn_location(part: Part, mine: Sequence[Known]) -> None:
    estimator = part.estimator
    centers = getattr(estimator, "mean_", getattr(estimator, "center_", None))
    spreads = getattr(estimator, "scale_", None)
    if hasattr(estimator, "data_min_"):
        centers = (estimator.data_max_ + estimator.data_min_) / 2
        spreads = (estimator.data_max_ - estimator.data_min_) / 4
    for attribute in EXEMPLARS:
        points = getattr(estimator, attribute, None)
        if isinstance(points, np.ndarray) and points.ndim == 2 and points.dtype.kind == "f":
            centers, spreads = points.mean(axis=0), points.std(axis=0)
    for values, attribute in ((centers, "center"), (spreads, "spread")):
        if isinstance(values, np.ndarray) and values.shape == (len(mine),):
            for one, value in zip(mine, values.tolist(), strict=True):
                if np.isfinite(value) and (attribute == "center" or value > 0):
                    setattr(one, attribute, value)


def _learn_borders(part: Part, mine: Sequence[Known]) -> None:
    for column, border in _branches(part.estimator):
        if column >= 0 and np.isfinite(border) and len(mine[column].borders) < BORDERS_KEPT:
            mine[column].borders.append(border)
    if isinstance(part.estimator, KBinsDiscretizer):
        for one, edges in zip(mine, part.estimator.bin_edges_, strict=True):
            one.borders.extend(edges.tolist())


def _branches(estimator: Any) -> Iterator[tuple[int, float]]:
    """Yield feature and value of each branch of a tree, or of the trees of histogram-based boosting."""
    tree = getattr(estimator, "tree_", None)
    if tree is not None:
        yield from zip(tree.feature.tolist(), tree.threshold.tolist(), strict=True)
    for stage in getattr(estimator, "_predictors", ()):
        for predictor in stage:
            branches = predictor.nodes[predictor.nodes["is_leaf"] == 0]
            yield from zip(branches["feature_idx"].tolist(), branches["num_threshold"].tolist(), strict=True)


def _column(known: Known, rows: int, random: np.random.Generator) -> npt.NDArray[Any]:
    if known.words:
        texts = random.choice(np.array(known.words, dtype=np.object_), (rows, WORDS_IN_TEXT))
        return np.array([" ".join(text) for text in texts], dtype=np.object_)
    categories = known.categories or ([known.fill] if known.is_text else [])
    if categories:
        chosen = random.integers(len(categories), size=rows)
        cells = np.empty(rows, dtype=np.object_)
        cells[:] = [categories[position] for position in chosen]
        values = cells if known.is_text else cells.astype(np.float64)
    else:
        values = _numbers(known, rows, random)
    if known.fills_missing and not (known.closed and known.fill not in categories):
        values[random.random(rows) < MISSING_SHARE] = np.nan
    return values


def _numbers(known: Known, rows: int, random: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return numbers that float32 holds exactly: near the borders where there are any, else around the centre."""
    if known.borders:
        borders = np.array(known.borders)
        reach = float(np.ptp(borders)) or abs(float(borders[0])) or 1.0
        values = random.choice(borders, rows) + random.normal(0.0, 0.1 * reach, rows)
    else:
        values = random.normal(known.center, known.spread, rows)
    return values.astype(np.float32).astype(np.float64)
