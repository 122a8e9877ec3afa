"""Train a churn predictor on made-up customers (the rule that draws them is in mlp.samples.churn)."""

import joblib
from sklearn.ensemble import GradientBoostingClassifier

from mlp.samples.churn import generate

customers, left = generate()
model = GradientBoostingClassifier(n_estimators=60, random_state=0).fit(customers, left)
joblib.dump(model, "model.joblib")
customers.head(500).to_csv("rows.csv", index=False)
print(f"model.joblib: {len(customers)} customers, {left.mean():.0%} left")
