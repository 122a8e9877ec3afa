"""`POST /predict`: rows as JSON in, labels or numbers as JSON out."""
