from torch_settings import torch_settings

__all__ = ["torch_settings"]
