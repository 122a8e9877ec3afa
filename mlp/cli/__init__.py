"""The command line: one small file a command, each handing over to a target, the registry's client or packaging.

Nothing here decides what a deployment or a model means. Importing `mlp.cli.app` loads Typer and little more: what a
command needs is imported inside it. Exit codes and the catalogue of failures live here and nowhere else.
"""
