"""What the protocol tells of a server and of its model."""

from __future__ import annotations

from mlp import __version__
from mlp.api.signature import Layout
from mlp.errors import NotFound
from mlp.inference.loading import LoadedModel
from mlp.inference.oip.datatypes import OF_FEATURE
from mlp.inference.oip.extensions import OFFERED
from mlp.inference.oip.outputs import OutputWriter

PLATFORM = "onnxruntime_onnx"


def server_metadata() -> dict[str, object]:
    """Return name, version and extensions of this server."""
    return {"name": "mlp", "version": __version__, "extensions": OFFERED}


def model_metadata(model: LoadedModel, outputs: OutputWriter) -> dict[str, object]:
    """Return the model's tensors; -1 is the number of rows. A matrix may as well be sent as a tensor a feature."""
    features = model.signature.inputs
    if model.signature.layout is Layout.MATRIX:
        shape = [-1, len(features)]
        inputs = [{"name": features[0].tensor, "datatype": OF_FEATURE[features[0].dtype], "shape": shape}]
    else:
        inputs = [{"name": each.name, "datatype": OF_FEATURE[each.dtype], "shape": [-1, 1]} for each in features]
    return {
        "name": model.name,
        "versions": [str(model.version)],
        "platform": PLATFORM,
        "inputs": inputs,
        "outputs": outputs.describe(),
    }


def not_served(model: LoadedModel) -> NotFound:
    """Return the error of asking for another model, or for another version of this one."""
    return NotFound(
        f"this server has {model.name}, version {model.version}, and no other model", code="model_not_found"
    )
