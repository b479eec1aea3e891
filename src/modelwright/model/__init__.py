"""The file, opened: predictions on ONNX Runtime."""
