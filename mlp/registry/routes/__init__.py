"""HTTP: paths, parameters, statuses. Each route hands over to a service and returns what it says."""
