"""The operator: makes of every ModelDeployment a Deployment, a Service, a disruption budget and perhaps an autoscaler.

Decisions are pure: `reconcile` says what should change, `render` what children look like, `status` what is told about
them, `faults` what pods suffer from, `announce` what is worth an event. Effects are few: `act` writes objects,
`versions` asks the registry, `workers` runs the loop. Nothing here opens a model, and the registry is reached through
its HTTP API alone.
"""
