"""The names of what a training leaves in its directory."""

from archsearch.config import CONFIG_FILE

RESULT, WEIGHTS, CELL, CONFIG = "result.json", "model.safetensors", "cell.txt", CONFIG_FILE
FAILED = "failed.json"  # in place of a result, where the architecture ended the training
