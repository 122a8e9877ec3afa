"""The operators that a model may use: arithmetic, text, trees, vectors, neural layers; no loops, no chance."""

from __future__ import annotations

from typing import Any

from mlp.errors import Invalid
from mlp.registry.check.graph import nodes_of

# Loop runs for as long as its input says and is not here. Scan is bounded by the length of its input, and distances
# (nearest neighbours, Gaussian processes) need it. Random operators would make golden rows meaningless.
_STANDARD = """
    Abs Acos Acosh Add AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool BatchNormalization
    BitCast BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor BlackmanWindow Cast CastLike Ceil Celu CenterCropPad
    Clip Col2Im Compress Concat ConcatFromSequence Constant ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh
    CumProd CumSum DFT DepthToSpace DequantizeLinear Det Div Dropout DynamicQuantizeLinear Einsum Elu Equal Erf Exp
    Expand EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalLpPool
    GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization HammingWindow HannWindow HardSigmoid HardSwish
    Hardmax Identity If InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log
    LogSoftmax LpNormalization LpPool MatMul MatMulInteger Max MaxPool Mean MeanVarianceNormalization Min Mish Mod Mul
    Neg NonMaxSuppression NonZero Not OneHot Or PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear
    RMSNormalization RNN Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean
    ReduceMin ReduceProd ReduceSum ReduceSumSquare RegexFullMatch Relu Reshape Resize ReverseSequence RotaryEmbedding
    Round STFT Scan Scatter ScatterElements ScatterND Selu SequenceAt SequenceConstruct SequenceEmpty SequenceErase
    SequenceInsert SequenceLength Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax Softplus Softsign
    SpaceToDepth Split SplitToSequence Sqrt Squeeze StringConcat StringNormalizer StringSplit Sub Sum Swish Tan Tanh
    TfIdfVectorizer ThresholdedRelu Tile TopK Transpose Trilu Unique Unsqueeze Upsample Where Xor
"""
_MACHINE_LEARNING = """
    ArrayFeatureExtractor Binarizer CastMap CategoryMapper DictVectorizer FeatureVectorizer Imputer LabelEncoder
    LinearClassifier LinearRegressor Normalizer OneHotEncoder SVMClassifier SVMRegressor Scaler TreeEnsemble
    TreeEnsembleClassifier TreeEnsembleRegressor
"""
_CONTRIBUTED = "CDist MurmurHash3 Tokenizer"
_ALLOWED = {
    domain: frozenset(names.split())
    for domain, names in (
        ("", _STANDARD),
        ("ai.onnx", _STANDARD),
        ("ai.onnx.ml", _MACHINE_LEARNING),
        ("com.microsoft", _CONTRIBUTED),
    )
}


def check_operators(model: Any) -> None:
    """Raise Invalid (`unsupported_operator`) naming the first operator that no model may use."""
    if model.functions:
        raise Invalid("the model defines functions of its own; inline them", code="unsupported_operator")
    for node in nodes_of(model):
        if node.op_type not in _ALLOWED.get(node.domain, frozenset()):
            name = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
            raise Invalid(
                f"operator {name[:100]!r} is not allowed{_advice(node.op_type)}",
                code="unsupported_operator",
                details={"operator": name[:100]},
            )


def _advice(operator: str) -> str:
    return "; convert with the option zipmap=False" if operator == "ZipMap" else ""
