"""The operators a model file may use: those that compute tensors from tensors, always in the same way.

Left out on purpose: whatever runs a graph inside a graph (If, Loop, Scan, SequenceMap), random numbers, sequences,
maps and optionals, decoders of foreign formats, training, and the makers of tensors of any size that no model of
tables needs (Range, Resize, Pad, EyeLike; see `modelwright.modelfile.growth` for the others).
"""

from collections.abc import Mapping

_DEFAULT = """
Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization BitShift BitwiseAnd
BitwiseNot BitwiseOr BitwiseXor Cast CastLike Ceil Celu Clip Compress Concat ConstantOfShape Conv Cos Cosh CumSum
DepthToSpace Div Einsum Elu Equal Erf Exp Expand Flatten Floor Gather GatherElements GatherND Gelu Gemm
GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual GroupNormalization HardSigmoid HardSwish Hardmax Identity
InstanceNormalization IsInf IsNaN LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax LpNormalization MatMul
Max MaxPool Mean MeanVarianceNormalization Min Mish Mod Mul Neg NonZero Not OneHot Or PRelu Pow Reciprocal
ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare
RegexFullMatch Relu Reshape ReverseSequence Round ScatterElements ScatterND Selu Shape Shrink Sigmoid Sign Sin
Sinh Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze StringConcat StringNormalizer StringSplit
Sub Sum Tan Tanh TfIdfVectorizer ThresholdedRelu Tile TopK Transpose Trilu Unique Unsqueeze Where Xor
"""
_ML = """
LabelEncoder TreeEnsemble
"""

OPERATORS: Mapping[str, frozenset[str]] = {
    "": frozenset(_DEFAULT.split()),
    "ai.onnx.ml": frozenset(_ML.split()),
}
"""Operator types by domain."""
