"""Taking a result home: cells and trained networks as Python, JSON, ONNX and torch.export."""

FORMAT_NAMES = ("python", "json", "onnx", "torch_export")  # as --to has them
