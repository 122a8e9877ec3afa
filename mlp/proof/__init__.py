"""Rows in, answers out, and whether two sets of answers are the same.

Packaging compares the original with the ONNX, the registry and every new server reproduce golden rows: all three
through this package, so that "the same" has one meaning. Numpy only; who runs the graph is passed in as a function.
"""

from mlp.proof.answers import AnswerReader, Answers, answers_of, golden_answers, labels_as_trained
from mlp.proof.comparison import Comparison, compare
from mlp.proof.feeds import Feeds, feeds_of
from mlp.proof.golden import Run, reproduce

__all__ = [
    "AnswerReader",
    "Answers",
    "Comparison",
    "Feeds",
    "Run",
    "answers_of",
    "compare",
    "feeds_of",
    "golden_answers",
    "labels_as_trained",
    "reproduce",
]
