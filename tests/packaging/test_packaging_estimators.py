"""Every kind of estimator is proved, or refused by its name; nothing else happens."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import DBSCAN, KMeans, MeanShift
from sklearn.covariance import EllipticEnvelope
from sklearn.cross_decomposition import PLSRegression
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import RFE, SelectKBest
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.linear_model import (
    ARDRegression,
    BayesianRidge,
    ElasticNet,
    HuberRegressor,
    Lasso,
    LinearRegression,
    LogisticRegression,
    Perceptron,
    PoissonRegressor,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.naive_bayes import BernoulliNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestCentroid
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    Normalizer,
    PolynomialFeatures,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, SVR, LinearSVC, NuSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier

from mlp.api.signature import Layout, Task
from mlp.errors import Unproved, Unsupported
from mlp.packaging import package

pytestmark = pytest.mark.filterwarnings("ignore")  # what scikit-learn says while it fits is its own affair

LOGISTIC = LogisticRegression(max_iter=500)
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)


class Majority(ClassifierMixin, BaseEstimator):
    """A classifier of the user's own."""

    def fit(self, rows, labels):
        self.classes_, counts = np.unique(labels, return_counts=True)
        self.most_ = self.classes_[counts.argmax()]
        self.n_features_in_ = rows.shape[1]
        return self

    def predict(self, rows):
        return np.full(len(rows), self.most_)


CLASSIFIERS = [
    LOGISTIC,
    make_pipeline(StandardScaler(), LOGISTIC),
    make_pipeline(MinMaxScaler(), PCA(2), LOGISTIC),
    make_pipeline(RobustScaler(), PolynomialFeatures(2), LOGISTIC),
    make_pipeline(PowerTransformer(), SelectKBest(k=2), LOGISTIC),
    make_pipeline(KBinsDiscretizer(encode="ordinal"), TREE),
    make_pipeline(Normalizer(), LOGISTIC),
    make_pipeline(make_union(StandardScaler(), PCA(2)), LOGISTIC),
    make_pipeline(StandardScaler(), SGDClassifier(loss="log_loss", random_state=0)),
    RidgeClassifier(),
    Perceptron(random_state=0),
    LinearSVC(random_state=0),
    SVC(),
    NuSVC(),
    TREE,
    ExtraTreeClassifier(random_state=0),
    RandomForestClassifier(10, random_state=0),
    ExtraTreesClassifier(10, random_state=0),
    GradientBoostingClassifier(n_estimators=10, random_state=0),
    HistGradientBoostingClassifier(max_iter=10, random_state=0),
    make_pipeline(StandardScaler(), HistGradientBoostingClassifier(max_iter=5, random_state=0)),
    AdaBoostClassifier(n_estimators=10, random_state=0),
    BaggingClassifier(TREE, 5, random_state=0),
    BaggingClassifier(RandomForestClassifier(3, random_state=0), 3, max_features=0.5, random_state=0),
    KNeighborsClassifier(3, algorithm="brute"),
    GaussianNB(),
    BernoulliNB(binarize=2.0),
    MultinomialNB(),
    ComplementNB(),
    LinearDiscriminantAnalysis(),
    QuadraticDiscriminantAnalysis(),
    MLPClassifier(hidden_layer_sizes=(8,), max_iter=200, random_state=0),
    CalibratedClassifierCV(LinearSVC(random_state=0), cv=3),
    OneVsRestClassifier(LOGISTIC),
    StackingClassifier([("logistic", LOGISTIC), ("tree", TREE)], cv=2),
    VotingClassifier([("logistic", LOGISTIC), ("tree", TREE)], voting="soft"),
    make_pipeline(StandardScaler(), VotingClassifier([("logistic", LOGISTIC), ("tree", TREE), ("svm", LinearSVC())])),
    GridSearchCV(make_pipeline(StandardScaler(), LOGISTIC), {"logisticregression__C": [0.1, 1]}, cv=2),
]
REGRESSORS = [
    LinearRegression(),
    Ridge(),
    Lasso(),
    ElasticNet(),
    BayesianRidge(),
    ARDRegression(),
    HuberRegressor(),
    PoissonRegressor(max_iter=300),
    SVR(),
    DecisionTreeRegressor(max_depth=5, random_state=0),
    RandomForestRegressor(10, random_state=0),
    ExtraTreesRegressor(10, random_state=0),
    GradientBoostingRegressor(n_estimators=10, random_state=0),
    HistGradientBoostingRegressor(max_iter=10, random_state=0),
    AdaBoostRegressor(n_estimators=10, random_state=0),
    KNeighborsRegressor(3),
    MLPRegressor(hidden_layer_sizes=(8,), max_iter=300, random_state=0),
    GaussianProcessRegressor(alpha=0.1),
    PLSRegression(),
    StackingRegressor([("ridge", Ridge()), ("tree", DecisionTreeRegressor(max_depth=3))], cv=2),
    VotingRegressor([("ridge", Ridge()), ("tree", DecisionTreeRegressor(max_depth=3))]),
    make_pipeline(StandardScaler(), PolynomialFeatures(2), Ridge()),
]
OTHERS = [
    KMeans(3, random_state=0, n_init=1),
    IsolationForest(n_estimators=10, random_state=0),
    GaussianMixture(2, random_state=0),
    StandardScaler(),
    PCA(2),
    TruncatedSVD(2),
    make_pipeline(StandardScaler(), PCA(2)),
]
REFUSED = [
    (NearestCentroid(), "no_converter", "NearestCentroid"),
    (DummyClassifier(), "no_converter", "DummyClassifier"),
    (make_pipeline(FunctionTransformer(np.log1p), LOGISTIC), "no_converter", "FunctionTransformer"),
    (GaussianProcessClassifier(), "no_converter", "GaussianProcessClassifier"),
    (OneVsOneClassifier(LOGISTIC), "no_converter", "OneVsOneClassifier"),
    (RFE(LOGISTIC), "no_converter", "RFE"),
    (EllipticEnvelope(random_state=0), "no_converter", "EllipticEnvelope"),
    (MeanShift(), "no_converter", "MeanShift"),
    (Majority(), "no_converter", "Majority"),
    (DBSCAN(), "no_predict", "DBSCAN"),
]


@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=lambda estimator: repr(estimator)[:60])
def test_a_classifier_is_served_as_it_was_trained(estimator, iris, served):
    rows, species = iris[0].to_numpy(), iris[1]
    estimator.fit(rows, species)
    for sample in (rows, None):
        built = package(estimator, sample=sample)
        outputs = built.manifest.signature.outputs
        assert outputs.task is Task.CLASSIFICATION
        assert outputs.classes == ("setosa", "versicolor", "virginica")
        assert (outputs.probabilities is not None) == hasattr(estimator, "predict_proba")
        assert built.manifest.signature.layout is Layout.MATRIX
        assert built.manifest.receipt.label_agreement == 1.0
        assert served(built) > 0


@pytest.mark.parametrize("estimator", REGRESSORS, ids=lambda estimator: repr(estimator)[:60])
def test_a_regression_is_served_as_it_was_trained(estimator, diabetes, served):
    rows, progress = diabetes
    estimator.fit(rows, progress)
    for sample in (rows, None):
        built = package(estimator, sample=sample)
        assert built.manifest.signature.outputs.task is Task.REGRESSION
        assert built.manifest.receipt.label_agreement is None
        assert served(built) > 0


@pytest.mark.parametrize("estimator", OTHERS, ids=lambda estimator: repr(estimator)[:60])
def test_what_neither_classifies_nor_regresses_is_served_as_numbers(estimator, iris, served):
    rows = iris[0].to_numpy()
    built = package(estimator.fit(rows), sample=rows)
    assert built.manifest.signature.outputs.task is Task.OTHER
    assert built.manifest.signature.outputs.classes is None
    assert served(built) > 0


@pytest.mark.parametrize(("estimator", "code", "name"), REFUSED, ids=[name for _, _, name in REFUSED])
def test_what_has_no_onnx_form_is_refused_by_its_name(estimator, code, name, iris):
    rows, species = iris[0].to_numpy(), iris[1]
    estimator.fit(rows, np.arange(150.0) if is_regressor(estimator) else species)
    with pytest.raises(Unsupported) as refused:
        package(estimator, sample=rows)
    assert refused.value.code == code
    assert name in refused.value.message


@pytest.mark.parametrize(
    "forgotten",
    [
        TunedThresholdClassifierCV(LOGISTIC, cv=2),  # its threshold
        HistGradientBoostingClassifier(max_iter=5, categorical_features=[3]),  # its categories
    ],
    ids=["threshold", "categories"],
)
def test_a_converter_that_forgets_something_is_found_out(forgotten, iris):
    rows, species = iris[0].to_numpy() * [1, 1, 1, 10] % 30, iris[1] == "virginica"
    with pytest.raises(Unproved) as refused:
        package(forgotten.fit(rows, species), sample=rows)
    assert refused.value.code == "receipt_out_of_tolerance"
    worst = refused.value.details["rows"][0]
    assert list(worst["features"].values()) == rows[worst["row"]].tolist()
    assert worst["expected"]["prediction"] != worst["actual"]["prediction"]


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_a_tie_among_trees_goes_to_the_first_class_in_any_number_of_threads(threads):
    """Half of the trees say yes: the shares are one half each, and rounding must not decide."""
    rows, answer = make_classification(3000, 12, n_informative=6, random_state=0)
    labels = np.where(answer, "yes", "no")
    forest = RandomForestClassifier(30, random_state=0).fit(rows[:1500], labels[:1500])
    ties = np.isclose(forest.predict_proba(rows)[:, 0], 0.5)
    assert ties.sum() > 10
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(package(forest, sample=rows).model, options)
    label, _ = session.run(None, {"features": rows.astype(np.float32)})
    assert label.tolist() == forest.predict(rows).tolist()


@pytest.mark.parametrize("labels", [[False, True], [-1, 1], [0.0, 1.0], ["no", "yes"]], ids=str)
def test_labels_keep_the_type_that_they_were_trained_with(labels, iris, served):
    rows, species = iris[0].to_numpy(), iris[1] == "virginica"
    built = package(LOGISTIC.fit(rows, np.array(labels)[species.astype(int)]), sample=rows)
    classes = built.manifest.signature.outputs.classes
    assert list(map(repr, classes)) == list(map(repr, labels))
    stored = built.manifest.receipt.golden.predictions
    assert {repr(label) for label in stored} == set(map(repr, labels))
    assert served(built) == 32


def test_several_outputs_of_a_regression_are_kept_together(diabetes, served):
    rows, progress = diabetes
    both = np.column_stack([progress, -2 * progress])
    for estimator in (LinearRegression(), RandomForestRegressor(5, random_state=0), MultiOutputRegressor(Ridge())):
        built = package(estimator.fit(rows, both), sample=rows)
        assert built.manifest.signature.outputs.width == 2
        assert all(len(values) == 2 for values in built.manifest.receipt.golden.predictions)
        assert served(built) == 32


def test_several_labels_a_row_are_refused(iris):
    rows, species = iris[0].to_numpy(), np.unique(iris[1], return_inverse=True)[1]
    both = np.column_stack([species > 0, species > 1]).astype(int)
    for estimator in (
        MultiOutputClassifier(LOGISTIC),
        RandomForestClassifier(5),
        MLPClassifier(hidden_layer_sizes=(4,), max_iter=50),
    ):
        with pytest.raises(Unsupported) as refused:
            package(estimator.fit(rows, both), sample=rows)
        assert refused.value.code == "multi_output_classifier"


def test_what_float32_cannot_hold_is_computed_in_float64(served):
    seconds = 1.7e9 + np.arange(500.0).reshape(-1, 1)
    slope = LinearRegression().fit(seconds, (seconds[:, 0] - 1.7e9) * 3)
    built = package(slope, sample=seconds)
    assert built.manifest.receipt.precision == "float64"
    assert any("float64" in note for note in built.notes)
    assert served(built) == 32
