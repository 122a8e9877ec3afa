"""Train on the Wisconsin diagnostic data; the held-out rows keep their answers, for `--eval`."""

from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

cancer = load_breast_cancer(as_frame=True)
rows = cancer.data.set_axis([name.replace(" ", "_") for name in cancer.data.columns], axis=1)
diagnosis = cancer.target_names[cancer.target]
train, test, train_diagnosis, test_diagnosis = train_test_split(rows, diagnosis, random_state=0, stratify=diagnosis)

# `mlp model push train:model` imports this module and takes the object.
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000)).fit(train, train_diagnosis)

if __name__ == "__main__":
    train.to_csv("rows.csv", index=False)
    test.assign(diagnosis=test_diagnosis).to_csv("test.csv", index=False)
    print(f"rows.csv: {len(train)} rows, test.csv: {len(test)} rows")
