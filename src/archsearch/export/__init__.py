"""Taking a result home: cells and trained networks as Python, JSON, ONNX and torch.export."""
