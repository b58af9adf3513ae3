"""The networks that can be exported: one file each."""

from archsearch.export.networks.network import Network, Tensors
from archsearch.export.networks.networks import code_of

__all__ = ["Network", "Tensors", "code_of"]
