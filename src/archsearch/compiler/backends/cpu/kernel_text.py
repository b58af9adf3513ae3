"""A kernel as a C function: one loop over the features of a row, a statement an equation.

Legend of the text: capitals are rows in memory, small letters the element at hand. V9[j] is the
value of instruction %9, D9[j] its gradient; v9 and d9 are the same where they are computed
here. A mean over the features ends a loop; what is needed on both sides of it waits in a row of
scratch, W0, W1, …
"""

from collections.abc import Iterator, Mapping

from archsearch.compiler.gradient import Kernel
from archsearch.compiler.scalar import Graph, Scalar

_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/"}


def kernel_text(kernel: Kernel, slots: Mapping[str, int]) -> tuple[str, int]:
    """The C function of a kernel, and how many rows of scratch it needs.

    slots: the number of each key's slot (runtime.c).
    """
    writer = _Writer(kernel, slots)
    lines = [
        f"void {kernel.name}(const Slot *slots, long t, long first, long last, long width,",
        f"{' ' * len(f'void {kernel.name}(')}real *scratch)",
        "{",
        "    (void)scratch;" if not writer.scratch else "",
        "    for (long b = first; b < last; b++) {",
        *(f"        {line}" for line in writer.body()),
        "    }",
        "}",
    ]
    return "\n".join(line for line in lines if line) + "\n", len(writer.scratch)


class _Writer:
    """phase: for each node the loop that computes it, which is the number of means one after the
    other that it depends on. uniform: whether it is one number for the whole row."""

    def __init__(self, kernel: Kernel, slots: Mapping[str, int]) -> None:
        self._graph: Graph = kernel.graph
        self._stores = kernel.stores
        self._slots = slots
        self._needed = self._graph.needed([Scalar(self._graph, s.node) for s in kernel.stores])
        self._phase: list[int] = []
        self._uniform: list[bool] = []
        for node in self._graph.nodes:
            phases = [self._phase[a] for a in node.args]
            self._phase.append(max(phases, default=0) + (node.op == "mean"))
            self._uniform.append(node.op in ("constant", "mean") or (
                bool(node.args) and all(self._uniform[a] for a in node.args)
            ))  # fmt: skip
        self._readers = self._count_readers()
        self.scratch = {node: row for row, node in enumerate(self._waiting())}

    def body(self) -> Iterator[str]:
        """The lines for one row."""
        yield from self._declarations()
        for phase in range(max(self._phase[i] for i in self._needed) + 1):
            yield from self._uniforms(phase)
            yield from self._loop(phase)

    def _declarations(self) -> Iterator[str]:
        nodes = (self._graph.nodes[i] for i in self._needed)
        for key in (node.key for node in nodes if node.op == "load"):
            yield f"const real *{_row(key)} = row(&slots[{self._slots[key]}], t, b);"
        for store in self._stores:
            key = store.key
            yield f"real *{_row(key)} = row(&slots[{self._slots[key]}], t, b);"
        for row in self.scratch.values():
            yield f"real *W{row} = scratch + {row} * width;"

    def _uniforms(self, phase: int) -> Iterator[str]:
        for i in self._needed:
            node = self._graph.nodes[i]
            if not self._uniform[i] or node.op == "constant" or self._phase[i] != phase:
                continue
            text = f"sum{i} / width" if node.op == "mean" else self._expression(i)
            yield f"const real {self._name(i)} = {text};{self._comment(i)}"

    def _loop(self, phase: int) -> Iterator[str]:
        nodes = [i for i in self._needed if self._phase[i] == phase and self._is_statement(i)]
        means = [
            i for i in self._needed
            if self._graph.nodes[i].op == "mean" and self._phase[i] == phase + 1
        ]  # fmt: skip
        stores = [store for store in self._stores if self._phase[store.node] == phase]
        for i in means:
            yield f"real sum{i} = 0;"
        sums = ", ".join(f"sum{i}" for i in means)
        yield f"#pragma omp simd{f' reduction(+ : {sums})' if means else ''}"
        yield "for (long j = 0; j < width; j++) {"
        for i in nodes:
            yield f"    const real {self._name(i)} = {self._expression(i)};{self._comment(i)}"
            if i in self.scratch:
                yield f"    W{self.scratch[i]}[j] = {self._name(i)};"
        for i in means:
            yield f"    sum{i} += {self._read(self._graph.nodes[i].args[0], phase)};"
        for store in stores:
            sign = "+=" if store.add else "="
            yield f"    {_row(store.key)}[j] {sign} {self._read(store.node, phase, bare=True)};"
        yield "}"

    def _expression(self, i: int) -> str:
        """What node i computes, over the names of its arguments."""
        node = self._graph.nodes[i]
        reads = [self._read(a, self._phase[i]) for a in node.args]
        if node.op in _INFIX:
            return f"{reads[0]} {_INFIX[node.op]} {reads[1]}"
        if node.op == "neg":
            return f"-{reads[0]}"
        if node.op == "select":
            return f"{reads[0]} > 0 ? {reads[1]} : {reads[2]}"
        # A function of maths.h, which has its name with a capital.
        return f"{node.op.capitalize()}({self._read(node.args[0], self._phase[i], bare=True)})"

    def _read(self, i: int, phase: int, bare: bool = False) -> str:
        """How the loop of a phase reads node i; `bare`: where no parentheses are needed."""
        node = self._graph.nodes[i]
        if node.op == "constant":
            return _number(node.constant)
        if node.op == "load":
            return f"{_row(node.key)}[j]"
        if self._uniform[i] or (self._is_statement(i) and self._phase[i] == phase):
            return self._name(i)
        if i in self.scratch and self._phase[i] < phase:
            return f"W{self.scratch[i]}[j]"
        is_call = node.op not in (*_INFIX, "neg", "select")
        return self._expression(i) if bare or is_call else f"({self._expression(i)})"

    def _is_statement(self, i: int) -> bool:
        """Whether the node has a line of its own; else it is written out where it is read."""
        node = self._graph.nodes[i]
        if self._uniform[i] or node.op == "load":
            return False
        return i in self._graph.names or i in self.scratch or self._readers[i] > 1

    def _waiting(self) -> Iterator[int]:
        """The nodes that a later loop reads."""
        read_later = {
            a
            for i in self._needed
            for a in self._graph.nodes[i].args
            if self._phase[i] - (self._graph.nodes[i].op == "mean") > self._phase[a]
        }
        for i in sorted(read_later):
            if not self._uniform[i] and self._graph.nodes[i].op != "load":
                yield i

    def _count_readers(self) -> list[int]:
        readers = [0] * len(self._graph.nodes)
        for i in self._needed:
            for a in self._graph.nodes[i].args:
                readers[a] += 1
        for store in self._stores:
            readers[store.node] += 1
        return readers

    def _name(self, i: int) -> str:
        return self._graph.names[i][0] if i in self._graph.names else f"s{i}"

    def _comment(self, i: int) -> str:
        return f" /* {self._graph.names[i][1]} */" if i in self._graph.names else ""


def _row(key: str) -> str:
    return key.replace("%", "v" if key.startswith("%") else "").replace("@", "").upper()


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"(real){value!r}"
