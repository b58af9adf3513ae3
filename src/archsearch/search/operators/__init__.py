"""Selection and speciation operators of the evolutionary strategies, one a file."""
