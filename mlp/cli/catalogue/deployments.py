"""Failures of deployments; CamelCase keys are the reasons of conditions."""

from __future__ import annotations

from collections.abc import Mapping

from mlp.cli.catalogue.known import Known

DEPLOYMENTS: Mapping[str, Known] = {
    "deployment_not_found": Known(
        "MLP2001",
        "No such deployment",
        "Nothing of that name is deployed.",
        "mlp status lists what is deployed",
    ),
    "invalid_deployment": Known(
        "MLP2002",
        "The ModelDeployment document is wrong",
        "A field is unknown, missing or has a wrong value.",
        "correct the field that the message names",
    ),
    "no_document": Known(
        "MLP2010",
        "There is no ModelDeployment document",
        "The file, or stdin, is empty or holds comments alone.",
        "give -f a file with a ModelDeployment, or name what to deploy: mlp deploy NAME",
    ),
    "not_all_back": Known(
        "MLP2011",
        "A deployment did not come back",
        "The platform runs, and what an earlier run served cannot be served now.",
        "mlp why {name}",
    ),
    "history_damaged": Known(
        "MLP2012",
        "A deployment's history cannot be read whole",
        "A file of the folder history/ was damaged or changed by hand; what serves does not depend on it.",
        "mend the file that the message names, or choose a version: mlp deploy NAME --version N",
    ),
    "immutable_field": Known(
        "MLP2003",
        "modelName cannot change",
        "A deployment serves versions of one model for its whole life.",
        "deploy the other model under another name, or mlp undeploy {name} first",
    ),
    "not_serving": Known(
        "MLP2004",
        "The deployment serves nothing yet",
        "No version of it has become ready.",
        "mlp status {name}; mlp logs {name}",
    ),
    "superseded": Known(
        "MLP2005",
        "Changed by somebody else",
        "The deployment was changed while this command waited.",
        "mlp status",
    ),
    "reserved_name": Known(
        "MLP2006",
        "The name is the platform's own",
        "agent and registry name processes of the platform.",
        "choose another name",
    ),
    "name_mismatch": Known(
        "MLP2007",
        "Two names",
        "The document has another name than its address.",
        "name the deployment alike in both places",
    ),
    "revision_not_found": Known(
        "MLP2008",
        "No such revision",
        "The deployment never had it, or it is no longer remembered.",
        "mlp history {name}",
        exit=5,
    ),
    "no_earlier_revision": Known(
        "MLP2009",
        "Nothing to go back to",
        "No other revision of the deployment is known to have answered.",
        "mlp history {name}; mlp deploy {name} --version N",
    ),
    "ModelNotFound": Known(
        "MLP2201",
        "The model version does not exist",
        "The registry knows no such version.",
        "mlp model ls shows models, mlp model ls NAME its versions",
    ),
    "GoldenRowsFailed": Known(
        "MLP2204",
        "The version does not answer as the original did",
        "The server ran the golden rows of the receipt and got other answers; it refuses to serve them.",
        "push the model again with this version of mlp; mlp logs {name}",
    ),
    "DigestMismatch": Known(
        "MLP2205",
        "The bytes are not those that were pushed",
        "The blob's SHA-256 differs from the registry's record.",
        "push the model again; mlp logs {name}",
    ),
    "ArtifactCorrupt": Known(
        "MLP2206",
        "The stored model is damaged",
        "The registry's copy of the blob no longer has its digest.",
        "push the model again",
    ),
    "RegistryUnavailable": Known(
        "MLP2207",
        "The registry did not answer the server",
        "The registry is down or restarts.",
        "mlp status",
    ),
    "CrashLooping": Known(
        "MLP2208",
        "The model process dies again and again",
        "It ended three times or more in a row without giving a reason, for example for want of memory.",
        "mlp logs {name}",
    ),
    "ProcessEnded": Known(
        "MLP2227",
        "The model process ended",
        "It was killed, or ended without giving a reason; the agent starts it again.",
        "mlp logs {name}",
    ),
    "PortTaken": Known(
        "MLP2209",
        "The deployment's port is taken",
        "Another program listens on the port that this deployment keeps.",
        "end that program; the agent tries again by itself",
    ),
    "ModelInvalid": Known(
        "MLP2210",
        "ONNX Runtime cannot load the model",
        "The graph is broken or needs a newer runtime.",
        "mlp logs {name}; push the model again with this version of mlp",
    ),
    "CannotStart": Known(
        "MLP2211",
        "The process cannot be started",
        "The system refused to start it.",
        "mlp logs agent",
    ),
    "DiskFull": Known(
        "MLP2212",
        "The disk is full",
        "There is no room for the process's files.",
        "free some space; the agent tries again by itself",
    ),
    "ProgressDeadlineExceeded": Known(
        "MLP2213",
        "Not ready in time",
        "The process started and never became ready.",
        "mlp logs {name}; MLP_START_SECONDS allows more",
    ),
    "CacheUnusable": Known(
        "MLP2214",
        "The model cache cannot be used",
        "The cache folder cannot be written, or is full.",
        "make room in MLP_HOME, or check its mode",
    ),
    "CheckerMissing": Known(
        "MLP2215",
        "The checker is not installed",
        "A local model file is judged by the registry's checker first.",
        "pip install 'mlp[registry]'",
    ),
    "CheckerFailed": Known(
        "MLP2216",
        "The checker failed",
        "Judging the model file ended without a verdict.",
        "mlp logs {name}",
    ),
    "SettingsInvalid": Known(
        "MLP2217",
        "A setting of the server is wrong",
        "An environment variable has a value that does not fit.",
        "mlp logs {name}",
    ),
    "ListenerUnusable": Known(
        "MLP2218",
        "The listening socket cannot be used",
        "The socket that was handed down is not one.",
        "mlp down; mlp up",
    ),
    "OpenBind": Known(
        "MLP2219",
        "Refused to listen beyond this machine",
        "A server without keys listens on loopback only.",
        "set MLP_ALLOW_OPEN=1 where something else guards the port",
    ),
    "GrpcMissing": Known(
        "MLP2224",
        "gRPC is not installed",
        "MLP_GRPC_PORT asks for a port, and grpcio or protobuf is missing in the server's environment.",
        "pip install 'mlp[grpc]', or leave MLP_GRPC_PORT unset",
    ),
    "OtelMissing": Known(
        "MLP2226",
        "OpenTelemetry is not installed",
        "MLP_OTEL asks for spans, and the packages that send them are missing in the server's environment.",
        "pip install 'mlp[otel]', or leave MLP_OTEL unset",
    ),
    "TokenUnreadable": Known(
        "MLP2220",
        "The server cannot read its token",
        "MLP_REGISTRY_TOKEN_FILE names no readable file.",
        "check the path and the mode of the file",
    ),
    "RegistryDenied": Known(
        "MLP2221",
        "The registry refused the server",
        "The server's token is missing or lacks the scope read.",
        "check MLP_REGISTRY_TOKEN_FILE",
    ),
    "InternalError": Known(
        "MLP2222",
        "A fault in the server",
        "The server met a situation that it does not know.",
        "mlp logs {name}, and report what it says",
    ),
    "KeysUnusable": Known(
        "MLP2223",
        "The server cannot use its file of API keys",
        "MLP_API_KEYS_FILE cannot be read, holds no key, or a line of it that is none.",
        "openssl rand -hex 24 >> FILE, one key a line; MLP_ALLOW_OPEN=1 lets an empty file mean that no key is needed",
    ),
}
