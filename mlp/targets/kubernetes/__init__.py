"""What the verbs of a target mean on Kubernetes: objects are applied, and pods reached through the API server."""
