"""Train two versions of an iris classifier, and keep the rows to prove them on."""

import joblib
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

FEATURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]

iris = load_iris(as_frame=True)
rows = iris.data.set_axis(FEATURES, axis=1)
species = iris.target_names[iris.target]
train, test, train_species, test_species = train_test_split(rows, species, random_state=0, stratify=species)

for name, estimator in {
    "tree": DecisionTreeClassifier(max_depth=2, random_state=0),
    "linear": make_pipeline(StandardScaler(), LogisticRegression()),
}.items():
    estimator.fit(train, train_species)
    joblib.dump(estimator, f"{name}.joblib")
    print(f"{name}.joblib: accuracy {estimator.score(test, test_species):.3f} on {len(test)} rows")

train.to_csv("rows.csv", index=False)
