"""Which commands there are, with the one line of help each, so that `mlp --help` imports none of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Entry(NamedTuple):
    """A command: the module that holds its `run`, and its line in the help."""

    module: str
    help: str


class Group(NamedTuple):
    """Commands behind a common word, perhaps with further groups among them."""

    entries: Mapping[str, Entry]
    help: str
    groups: Mapping[str, Group] = {}


ROOT: Mapping[str, Entry] = {
    "up": Entry("mlp.cli.commands.up", "Start the platform."),
    "check": Entry("mlp.cli.commands.check", "Check whether a cluster is ready for the platform."),
    "down": Entry("mlp.cli.commands.down", "Stop the platform; models and deployments are kept."),
    "status": Entry("mlp.cli.commands.status", "Show what runs, and whether it answers."),
    "demo": Entry("mlp.cli.commands.demo", "Train, push, deploy and query four sample models."),
    "test": Entry("mlp.cli.commands.test", "Push, deploy and ask two sample models, and compare with their receipts."),
    "deploy": Entry("mlp.cli.commands.deploy", "Serve a model version, and wait until it answers."),
    "undeploy": Entry("mlp.cli.commands.undeploy", "Stop serving a model."),
    "predict": Entry("mlp.cli.commands.predict", "Ask a deployed model."),
    "wait": Entry("mlp.cli.commands.wait", "Wait until a deployment answers, or is gone."),
    "history": Entry("mlp.cli.commands.history", "Show what a deployment was asked to serve, and what became of it."),
    "rollback": Entry("mlp.cli.commands.rollback", "Go back to the last revision that answered."),
    "why": Entry("mlp.cli.commands.why", "Say why a deployment does not serve: one cause, one fix."),
    "logs": Entry("mlp.cli.commands.logs", "Show the log of a deployment or of a part of the platform."),
    "dev": Entry("mlp.cli.commands.dev", "Serve a model file, and serve it anew whenever it is saved."),
    "doctor": Entry("mlp.cli.commands.doctor", "Look for what is wrong, and pack what a bug report needs."),
    "explain": Entry("mlp.cli.commands.explain", "Say what an MLP code means, and how to mend it."),
    "completion": Entry("mlp.cli.commands.completion", "Print what makes TAB complete commands and names."),
    "version": Entry("mlp.cli.commands.version", "Show the version of mlp."),
}

MODEL: Mapping[str, Entry] = {
    "push": Entry("mlp.cli.commands.model_push", "Convert to ONNX, prove it equals the original, register a version."),
    "ls": Entry("mlp.cli.commands.model_ls", "List models, or the versions of one."),
    "show": Entry("mlp.cli.commands.model_show", "Show a version: signature, receipt, metrics."),
    "diff": Entry("mlp.cli.commands.model_diff", "Compare two versions: schema, receipt, answers that flip."),
    "pull": Entry("mlp.cli.commands.model_pull", "Fetch the ONNX graph of a version, its digest verified."),
    "archive": Entry("mlp.cli.commands.model_archive", "Offer a version, or a model, no longer; what serves goes on."),
    "unarchive": Entry("mlp.cli.commands.model_unarchive", "Offer an archived version, or model, again."),
    "rm": Entry("mlp.cli.commands.model_rm", "Delete a version, or a model with all its versions."),
}

ALIAS: Mapping[str, Entry] = {
    "set": Entry("mlp.cli.commands.model_alias_set", "Point an alias to a version."),
    "ls": Entry("mlp.cli.commands.model_alias_ls", "List the aliases of a model."),
    "history": Entry("mlp.cli.commands.model_alias_history", "Show where an alias pointed: who, when, from, to."),
    "rm": Entry("mlp.cli.commands.model_alias_rm", "Remove an alias; its history stays."),
}

TOKEN: Mapping[str, Entry] = {
    "create": Entry("mlp.cli.commands.token_create", "Make a token of the registry; it is shown once."),
    "ls": Entry("mlp.cli.commands.token_ls", "List the registry's tokens: who may do what, until when."),
    "revoke": Entry("mlp.cli.commands.token_revoke", "Make a token worthless."),
}

REGISTRY: Mapping[str, Entry] = {
    "backup": Entry("mlp.cli.commands.registry_backup", "Write all of the registry to one file, while it serves."),
    "restore": Entry("mlp.cli.commands.registry_restore", "Read a backup into an empty registry."),
    "migrate": Entry("mlp.cli.commands.registry_migrate", "Bring the database's schema up to date."),
    "gc": Entry("mlp.cli.commands.registry_gc", "Show, or delete, what no version uses."),
}

IMAGE: Mapping[str, Entry] = {
    "build": Entry("mlp.cli.commands.image_build", "Build the platform's images, those whose sources have changed."),
    "load": Entry("mlp.cli.commands.image_load", "Copy images to every node of a local cluster."),
    "push": Entry("mlp.cli.commands.image_push", "Push images to a registry that nodes pull from."),
    "ls": Entry("mlp.cli.commands.image_ls", "List images: built, up to date, on which nodes."),
}

CONFIG: Mapping[str, Entry] = {
    "view": Entry("mlp.cli.commands.config_view", "Show settings, and where each comes from."),
    "set": Entry("mlp.cli.commands.config_set", "Write a setting to your configuration file, or remove it."),
}

CONTEXT: Mapping[str, Entry] = {
    "ls": Entry("mlp.cli.commands.context_ls", "List the kubeconfig's contexts: which is used, which may be."),
    "use": Entry("mlp.cli.commands.context_use", "Use this context where none is named."),
    "allow": Entry("mlp.cli.commands.context_allow", "Let a context be used without being named."),
}

WEBHOOK: Mapping[str, Entry] = {
    "create": Entry("mlp.cli.commands.webhook_create", "Have a URL told of new versions and moved aliases."),
    "ls": Entry("mlp.cli.commands.webhook_ls", "List who is told of what."),
    "deliveries": Entry(
        "mlp.cli.commands.webhook_deliveries", "Show what a webhook was told, what waits, what failed."
    ),
    "rm": Entry("mlp.cli.commands.webhook_rm", "Tell a webhook nothing more."),
}

GROUPS: Mapping[str, Group] = {
    "model": Group(MODEL, "Push and look up models.", {"alias": Group(ALIAS, "Name versions, as in iris@production.")}),
    "token": Group(TOKEN, "Give and revoke access to the registry."),
    "image": Group(IMAGE, "Build the platform's images and bring them to a cluster."),
    "webhook": Group(WEBHOOK, "Tell others of new versions and moved aliases."),
    "config": Group(CONFIG, "See and change your settings."),
    "context": Group(CONTEXT, "Choose which cluster is meant."),
    "registry": Group(REGISTRY, "Look after the registry."),
}
