"""Imports point one way (the layout is in CONTRIBUTING.md); torch stays out of light packages."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

from archsearch import train

SOURCE = Path(__file__).parent.parent / "src" / "archsearch"

# Modules that know nothing of the rest.
FOR_ALL = {
    "conf_files",
    "config_tree",
    "decoding",
    "failure",
    "machine",
    "override_text",
    "torch_threads",
    "usage",
    "whole_file",
}
# package -> what else of archsearch it may import; a package may always import itself.
ALLOWED = {
    "cell": set(),
    "architecture": {"cell"},
    "drawing": {"cell", "architecture"},
    "archive": {"cell", "architecture"},
    "space": {"cell", "architecture"},
    "predictor": {"cell", "compiler", "archive", "data", "config", "config_check", "command"},
    "search": {"cell", "architecture", "space", "archive", "predictor"},
    "native": set(),
    "compiler": {"cell", "native"},
    "nn": {"cell", "architecture", "compiler", "native"},
    "data": set(),
    "train": {
        "cell",
        "architecture",
        "compiler",
        "native",
        "nn",
        "data",
        "archive",
        "config",
        "config_check",
        "identity",
        "revision",
        "command",
        "dry_run",
        "wandb_log",
        "wording",
    },
    "evaluate": {
        "cell",
        "architecture",
        "archive",
        "predictor",
        "data",
        "nn",
        "train",
        "search",
        "wording",
    },
    "export": {
        "cell",
        "architecture",
        "drawing",
        "archive",
        "nn",
        "config",
        "identity",
        "command",
        "data",
        "train",
        "wording",
    },
    # Facts know nothing of who shows them. Who shows them knows nothing of the others, but that the
    # command of the report is the door to all.
    "findings": {
        "cell",
        "architecture",
        "archive",
        "config",
        "identity",
        "run",
        "train",
        "wording",
    },
    "terminal": {"archive", "architecture", "best_cell", "findings", "run", "search", "wording"},
    "wandb_log": {"archive", "best_cell", "findings", "search", "wording"},
    "report": {
        "cell",
        "archive",
        "data",
        "drawing",
        "findings",
        "run",
        "config",
        "identity",
        "command",
        "terminal",
        "train",
        "wandb_log",
        "wording",
    },
    "bench": {
        "cell",
        "space",
        "compiler",
        "native",
        "nn",
        "config",
        "revision",
        "command",
        "archive",
        "predictor",
        "train",
        "main",
        "request",
        "wording",
    },
}
# The one module that looks up: values are asked for their drawings.
RENDERED = SOURCE / "cell" / "drawable.py"
WITHOUT_TORCH = (
    "cell", "architecture", "drawing", "archive", "space", "search", "compiler", "findings",
    "terminal", "wandb_log", "report.command", "native",
)  # fmt: skip


def module_name(file: Path) -> str:
    parts = file.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(file): file for file in SOURCE.rglob("*.py")}


def imported_modules(file: Path) -> set[str]:
    """All that the file imports of archsearch, within functions and for types alone too."""
    modules = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            modules.update(name if name in MODULES else node.module or "" for name in names)
        elif isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
    return {module for module in modules if module.startswith("archsearch.")}


def imported_packages(file: Path) -> set[str]:
    return {module.split(".")[1] for module in imported_modules(file)}


@pytest.mark.parametrize("package", ALLOWED)
def test_package_imports_only_what_the_contract_allows(package: str) -> None:
    for file in (SOURCE / package).rglob("*.py"):
        allowed = ALLOWED[package] | FOR_ALL | {package}
        if file == RENDERED:
            allowed |= {"drawing"}
        forbidden = imported_packages(file) - allowed
        assert not forbidden, f"{file.relative_to(SOURCE)} imports {sorted(forbidden)}"


@pytest.mark.parametrize("module", sorted(FOR_ALL))
def test_modules_for_all_import_nothing_of_archsearch(module: str) -> None:
    assert not imported_packages(SOURCE / f"{module}.py")


def test_no_module_imports_itself_in_a_circle() -> None:
    graph = {
        name: imported_modules(file) - {name}
        for name, file in MODULES.items()
        if file != RENDERED and name != "archsearch"  # the door, which nothing here goes through
    }
    TopologicalSorter(graph).prepare()  # raises CycleError with the circle


def test_the_package_says_that_it_is_typed() -> None:
    assert (SOURCE / "py.typed").is_file()


def test_every_package_stands_in_the_contract() -> None:
    packages = {p.name for p in SOURCE.iterdir() if (p / "__init__.py").is_file()}
    assert packages == set(ALLOWED)


def test_light_packages_import_without_torch() -> None:
    imports = "; ".join(f"import archsearch.{package}" for package in (*WITHOUT_TORCH, "draw"))
    program = f"import sys; {imports}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def imported_by(program: str) -> set[str]:
    """The modules that a fresh interpreter has after this program."""
    program = f"import sys; {program}; sys.stdout.write(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_a_process_that_only_supervises_a_search_starts_without_lightning() -> None:
    """Its import takes longer than all others together, and torch's compiler comes with it."""
    imported = imported_by(
        "import archsearch.main, hydra; from archsearch.conf_files import conf_folder;"
        "from archsearch.config import register; from archsearch.config_check import check;"
        "register(); hydra.initialize_config_dir(conf_folder(), version_base='1.3');"
        "tasks = ['xml', 'jsb_chorales', 'multi30k', 'cifar10'];"
        "[check(hydra.compose('config', overrides=[f'task={task}'])) for task in tasks]"
    )
    assert "archsearch.train.translation" in imported
    assert imported.isdisjoint({"pytorch_lightning", "lightning_fabric", "torch._dynamo"})


def test_what_the_training_package_promises_to_checkers_is_there_at_its_first_use() -> None:
    tree = ast.parse((SOURCE / "train" / "__init__.py").read_text(encoding="utf-8"))
    promised = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("archsearch.")
        for alias in node.names
    }
    assert sorted(promised) == train.__all__
    for name, module in promised.items():
        assert getattr(train, name) is getattr(import_module(str(module)), name)
