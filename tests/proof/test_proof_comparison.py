from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mlp.api.receipt import Tolerance
from mlp.errors import Invalid
from mlp.proof import Answers, compare

TOLERANCE = Tolerance(absolute=1e-5, relative=1e-4)
VALUES = arrays.arrays(np.float64, arrays.array_shapes(max_dims=2, max_side=8), elements=st.floats(width=64))


def values(*numbers):
    return Answers(np.array(numbers, dtype=np.float64))


@settings(suppress_health_check=[HealthCheck.too_slow])  # what the first draw imports counts as slow
@given(VALUES)
def test_what_is_the_same_to_the_last_bit_agrees(numbers):
    comparison = compare(Answers(numbers), Answers(numbers.copy()), TOLERANCE)
    assert comparison.agrees
    assert comparison.max_abs_diff == 0


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(VALUES, st.data())
def test_a_row_differs_exactly_where_numpy_says_so(numbers, data):
    other = data.draw(arrays.arrays(np.float64, numbers.shape, elements=st.floats(width=64)))
    comparison = compare(Answers(numbers), Answers(other), TOLERANCE)
    with np.errstate(all="ignore"):
        close = np.isclose(other, numbers, rtol=1e-4, atol=1e-5, equal_nan=True)
    assert set(comparison.differing) == set(np.flatnonzero(~close.reshape(len(numbers), -1).all(axis=1)).tolist())


def test_a_small_difference_is_allowed_and_told():
    comparison = compare(values(100.0, 1.0), values(100.005, 1.0), TOLERANCE)
    assert comparison.agrees
    assert comparison.label_agreement is None
    assert comparison.max_abs_diff == pytest.approx(0.005)
    assert comparison.max_rel_diff == pytest.approx(5e-5)


def test_the_worst_rows_come_first_and_only_five_are_shown():
    comparison = compare(values(*range(10)), values(*(n + n / 10 for n in range(10))), TOLERANCE)
    assert comparison.differing == (9, 8, 7, 6, 5, 4, 3, 2, 1)
    assert comparison.worst == (9, 8, 7, 6, 5)


def test_a_nan_where_a_number_was_is_the_worst_of_all():
    comparison = compare(values(1.0, 2.0), values(1.5, float("nan")), TOLERANCE)
    assert comparison.worst == (1, 0)
    assert np.isfinite(comparison.max_abs_diff)


@pytest.mark.parametrize("kind", [np.int64, str, object])
def test_labels_have_to_be_equal(kind):
    before, after = np.array([1, 2, 3, 4]).astype(kind), np.array([1, 2, 3, 5]).astype(kind)
    comparison = compare(Answers(before), Answers(after), TOLERANCE)
    assert comparison.label_agreement == 0.75
    assert comparison.differing == (3,)
    assert comparison.max_abs_diff is None


def test_a_wrong_label_is_worse_than_any_probability():
    chances = np.array([[0.6, 0.4], [0.5, 0.5]])
    others = np.array([[0.1, 0.9], [0.5, 0.5]])
    comparison = compare(
        Answers(np.array(["a", "a"], dtype=object), chances),
        Answers(np.array(["a", "b"], dtype=object), others),
        TOLERANCE,
    )
    assert comparison.differing == (1, 0)
    assert comparison.max_abs_diff == pytest.approx(0.5)


def test_no_rows_agree():
    assert compare(values(), values(), TOLERANCE).agrees


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (values(1.0), values(1.0, 2.0)),
        (Answers(np.ones(2), np.ones((2, 2))), Answers(np.ones(2))),
        (Answers(np.ones(2), np.ones((2, 2))), Answers(np.ones(2), np.ones((2, 3)))),
    ],
)
def test_answers_of_other_shapes_cannot_be_compared(before, after):
    with pytest.raises(Invalid) as refused:
        compare(before, after, TOLERANCE)
    assert refused.value.code == "invalid_receipt"
