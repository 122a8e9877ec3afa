"""Failures of the platform: targets, agent, ports, folders, connections."""

from __future__ import annotations

from collections.abc import Mapping

from mlp.cli.catalogue.known import Known

PLATFORM: Mapping[str, Known] = {
    "platform_not_running": Known(
        "MLP1001",
        "The platform is not running",
        "No agent answers on this machine, or the cluster has no platform in that namespace.",
        "mlp up",
        exit=3,
    ),
    "no_target": Known(
        "MLP1003",
        "No target",
        "No platform runs on this machine, no local cluster answers, and none was named.",
        "mlp up, or name one with --target",
    ),
    "port_taken": Known(
        "MLP1101",
        "A port is taken",
        "Another program listens on the port.",
        "end that program, or choose another port: mlp up --port N",
    ),
    "missing_extra": Known(
        "MLP1102",
        "A part of mlp is not installed",
        "mlp is installed without the packages that this command needs.",
        "pip install 'mlp[{extra}]'",
    ),
    "home_not_writable": Known(
        "MLP1103",
        "The state folder cannot be written",
        "MLP_HOME names a folder that this user may not write to.",
        "set MLP_HOME to a folder of yours",
        exit=3,
    ),
    "agent_running": Known(
        "MLP1104",
        "Another agent keeps this folder",
        "Two agents cannot share one state folder.",
        "mlp status, or another MLP_HOME",
    ),
    "agent_failed": Known(
        "MLP1105",
        "The agent ended",
        "It could not start, or met a fault.",
        "mlp logs agent",
    ),
    "registry_failed": Known(
        "MLP1106",
        "The registry does not start",
        "The agent started it, and it ended.",
        "mlp logs registry",
    ),
    "home_path_too_long": Known(
        "MLP1107",
        "The state folder's path is too long",
        "A socket's path has room for about 100 bytes.",
        "set MLP_HOME to a shorter path",
    ),
    "home_unreadable": Known(
        "MLP1108",
        "The state folder's mark cannot be read",
        "agent.json holds something else than a platform's mark.",
        "move the folder away, or set MLP_HOME to another one",
    ),
    "home_too_new": Known(
        "MLP1109",
        "The state folder is of a newer mlp",
        "A newer version of mlp wrote it.",
        "install that version of mlp, or set MLP_HOME to another folder",
        exit=3,
    ),
    "state_corrupt": Known(
        "MLP1110",
        "A deployment's file cannot be read",
        "It was changed by hand, or damaged.",
        "mend the file that the message names, or move it away and deploy anew; the agent looks again by itself",
        exit=3,
    ),
    "not_a_home": Known(
        "MLP1111",
        "Not a platform's folder",
        "The folder lacks the mark of a platform, so nothing in it is deleted.",
        "check MLP_HOME",
    ),
    "shutdown_timeout": Known(
        "MLP1112",
        "The platform did not end in time",
        "A process still has requests, or hangs.",
        "mlp down --timeout 5m",
    ),
    "platform_stopping": Known(
        "MLP1113",
        "The platform is being shut down",
        "mlp down was called.",
        "mlp up, once it is down",
    ),
    "no_free_port": Known(
        "MLP1114",
        "No free port",
        "Every port from the first one up is in use.",
        "mlp up --model-port N, with another first port",
    ),
    "invalid_settings": Known(
        "MLP1115",
        "A setting of the agent is wrong",
        "An environment variable has a value that does not fit.",
        "correct the variable that the message names",
    ),
    "log_not_found": Known(
        "MLP1116",
        "No such log",
        "Nothing of that name has run here.",
        "mlp status lists deployments; registry and agent have logs too",
        exit=5,
    ),
    "connection_refused": Known(
        "MLP1201",
        "No answer",
        "Nothing listens at the address.",
        "mlp status, and mlp up if it says that nothing runs",
    ),
    "connection_lost": Known(
        "MLP1202",
        "The connection broke",
        "The process ended or was restarted in the middle.",
        "try again; mlp status",
    ),
    "purge_failed": Known(
        "MLP1117",
        "Not everything could be deleted",
        "A file of the state folder could not be removed.",
        "look at the path that the message names, and run it again",
    ),
    "storage_failed": Known(
        "MLP1118",
        "The agent cannot write",
        "The disk is full, or the state folder's mode was changed.",
        "make room, or check the mode of MLP_HOME; nothing was changed",
    ),
    "folder_unusable": Known(
        "MLP1119",
        "The state folder cannot be used",
        "MLP_HOME cannot be created, read or written.",
        "set MLP_HOME to a folder of yours",
    ),
    "disk_full": Known(
        "MLP1120",
        "The disk is full",
        "There is no room for a file of the platform; what served before serves on.",
        "make room in MLP_HOME, and run it again",
        exit=3,
    ),
    "invalid_wait": Known(
        "MLP1121",
        "A wrong time to wait",
        "The agent was asked to wait for something else than 0 to 60 seconds.",
        "ask with a number of seconds, at most 60",
    ),
    "record_unreadable": Known(
        "MLP1122",
        "The record of a process cannot be read",
        "A file of the folder run/ was damaged or changed by hand; it says which process the agent started.",
        "mlp down ends the process where it can be found; else end it, and remove the file that the message names",
        exit=3,
    ),
    "still_running": Known(
        "MLP1123",
        "A process could not be ended",
        "A process of the platform did not end, not even by force.",
        "end it by the number that the message names: kill -9 PID",
    ),
    "unexpected_answer": Known(
        "MLP1203",
        "Not an answer of mlp",
        "Another program answers at that address.",
        "check MLP_REGISTRY_URL, and mlp status",
    ),
    "token_unreadable": Known(
        "MLP1204",
        "The token file cannot be read",
        "MLP_REGISTRY_TOKEN_FILE names no readable file with one token in it.",
        "check the path and the mode of the file",
    ),
}
