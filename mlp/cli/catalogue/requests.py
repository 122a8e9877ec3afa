"""Failures of requests: what a server does not take, or not now. Most are met by clients of one's own."""

from __future__ import annotations

from collections.abc import Mapping

from mlp.cli.catalogue.known import Known

_BODY = "correct the body that your client sends"

REQUESTS: Mapping[str, Known] = {
    "overloaded": Known(
        "MLP5501",
        "More work than is taken at once",
        "The server answers as many requests, or judges as many models, as it may.",
        "try again in a moment; more replicas take more",
    ),
    "judge_unavailable": Known(
        "MLP5502",
        "Nobody judged the model",
        "The registry's judging process ended before its verdict: the machine may lack memory.",
        "push again; if it stays, the registry's log says more",
    ),
    "key_reused": Known(
        "MLP5503",
        "An Idempotency-Key with another request",
        "The key came with other content within the last 24 hours.",
        "make a new key for each new request",
    ),
    "upload_not_found": Known(
        "MLP5504",
        "No such upload",
        "It was announced more than 24 hours ago, for another model, or never.",
        "announce it again; mlp model push does that",
    ),
    "model_exists": Known(
        "MLP5505",
        "A model of that name exists",
        "Models are made once; versions are pushed to them.",
        "mlp model push FILE --name NAME adds a version",
    ),
    "request_timeout": Known(
        "MLP5506",
        "The request stopped arriving",
        "Nothing came for too long, or far too little.",
        "send it again, over a better connection",
    ),
    "range_not_satisfiable": Known(
        "MLP5507",
        "Not a range of the model",
        "A download takes one range of bytes that lies within the model's size.",
        "ask for one range, or for all of it",
    ),
    "misdirected": Known(
        "MLP5508",
        "A host name that is not served",
        "Registry and model servers answer to names they were told only: other sites must not reach them by a browser.",
        "use 127.0.0.1, or name the host in MLP_REGISTRY_ALLOWED_HOSTS or, for a model, in MLP_ALLOWED_HOSTS",
    ),
    "open_bind": Known(
        "MLP5509",
        "Open to everybody",
        "The server would listen beyond this machine, and ask nobody for a token or key.",
        "MLP_REGISTRY_ADMIN_TOKEN_FILE for a registry, MLP_API_KEYS_FILE for a model server, or listen on 127.0.0.1",
    ),
    "token_file_unusable": Known(
        "MLP5510",
        "A token file without a token",
        "The file cannot be read, or holds no 32 letters and digits.",
        "openssl rand -hex 32 > FILE, readable by the registry alone",
    ),
    "listener_unusable": Known(
        "MLP5511",
        "The inherited socket is none",
        "MLP_LISTEN_FD names a descriptor that is no listening socket.",
        "start the server without MLP_LISTEN_FD",
    ),
    "invalid_request": Known(
        "MLP5512",
        "Not a document that is understood",
        "A field is missing, unknown, or of another type.",
        "correct the field that the message names",
    ),
    "invalid_json": Known("MLP5513", "Not JSON", "The body is no JSON in UTF-8; NaN and Infinity are none.", _BODY),
    "duplicate_key": Known("MLP5514", "A field twice", "An object of the body names one field twice.", _BODY),
    "too_deep": Known("MLP5515", "Nested too deeply", "Arrays and objects lie in each other too deeply.", _BODY),
    "too_many_items": Known("MLP5516", "Too many items", "An array or object has more items than one may.", _BODY),
    "invalid_string": Known(
        "MLP5517",
        "Not a text",
        "A string holds a control character, or is not Unicode.",
        _BODY,
    ),
    "unsupported_media_type": Known(
        "MLP5518",
        "Another kind of body",
        "The header Content-Type does not name what this path takes.",
        "send the Content-Type that the message names",
    ),
    "encoding_unsupported": Known(
        "MLP5519",
        "A compressed body",
        "Bodies are taken as they are.",
        "send it without Content-Encoding",
    ),
    "method_not_allowed": Known(
        "MLP5520",
        "Another method",
        "This path does not take that method; the header Allow names those that it takes.",
        "see the API's description: docs/registry.md",
    ),
}
