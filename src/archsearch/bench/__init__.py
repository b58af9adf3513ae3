"""How fast: layers, training steps and compilation, against torch.nn and the products alone."""
