"""From a raw table to one ONNX file you can trust and ship."""

__version__ = "0.1.0"
