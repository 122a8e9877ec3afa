"""Train a pipeline over four numbers and one string column."""

import joblib
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from mlp.samples.churn import NUMERIC, generate

customers, left = generate(contract=True)
columns = make_column_transformer((StandardScaler(), list(NUMERIC)), (OneHotEncoder(), ["contract"]))
model = make_pipeline(columns, LogisticRegression()).fit(customers, left)
joblib.dump(model, "model.joblib")
customers.head(500).to_csv("rows.csv", index=False)
print(f"model.joblib: accuracy {model.score(customers, left):.3f} on the rows it was trained on")
