"""Runs random cells forward and backward, once: a program for the address sanitizer.

`python sanitized_cells.py FIRST NUMBER` says how many ran. $CC must ask for the sanitizers, and
their library must be the first that is loaded.
"""

import sys
from random import Random

import torch
from toy_problems import Problem, random_cell, tree_cell


def main(first: int, number: int) -> None:
    for seed in range(first, first + number):
        rng = Random(seed)
        cell = (random_cell, tree_cell)[seed % 2](rng)
        torch.set_num_threads(rng.choice([1, 2]))
        problem = Problem(
            cell, rng.choice([3, 21]), 21, seed, t=rng.choice([1, 5]), b=rng.choice([1, 16, 37]),
            masked=rng.random() < 0.5,
        ).to(torch.float32)  # fmt: skip
        for bfloat16 in (False, True):
            with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                problem.gradients("cpu")
                with torch.no_grad():
                    problem.run("cpu")
    sys.stdout.write(f"{number} cells ran clean\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
