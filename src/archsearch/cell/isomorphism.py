"""A canonical order of the vertices of a coloured graph with labelled edges.

Isomorphic graphs get orders that map one onto the other, whatever order their vertices came in.
The method is individualisation and refinement (McKay & Piperno 2014, Practical graph isomorphism
II), with two shortcuts that make almost every cell free of branching:

* Edges between two cells of the refined partition that join all of one to all of the other, alike,
  say nothing beyond the colours. Without them the graph falls into components, which are ordered
  one by one.
* A component that is a tree needs no branching: there, vertices of one colour are always
  interchangeable.

Only inside a component with a cycle are alternatives tried: those that leave the least shape, but
none that an automorphism found so far maps onto a tried one.
"""

from collections.abc import Iterable, Sequence

from archsearch.cell.errors import CellError
from archsearch.cell.limits import MAX_NUMBERED_NODES
from archsearch.cell.refinement import Adjacency, Partition

Certificate = list[tuple[int, list[tuple[int, int]]]]

_MAX_DEPTH = 60  # of choices inside choices; the recursion goes no deeper


def canonical_order(colours: Sequence[int], adjacency: Adjacency) -> list[int]:
    """All vertices, in an order that sorts them by colour and breaks every tie canonically.

    Labels must be such that label(u→v) determines label(v→u). No vertex neighbours itself.
    Raises CellError for a graph so symmetric that MAX_NUMBERED_NODES do not settle it.
    """
    return _Search().order(Partition(colours, adjacency))


class _Search:
    """The search for one graph; counts the nodes of all numberings that it tries."""

    def __init__(self) -> None:
        self.numbered = 0

    def order(self, partition: Partition, probe: bool = False, depth: int = 0) -> list[int]:
        """The vertices in canonical order; with `probe`, in the first order that comes."""
        if partition.is_discrete:
            return [partition.cells[start][0] for start in range(len(partition.cell_of))]
        edges = partition.informative_edges()
        ranked: list[tuple[list[int], Certificate, list[int]]] = []
        for component in _components(edges):
            local = _Local(component, partition.cell_of, edges)
            if len(component) == 1:
                ranked.append((local.colours, [], component))
            elif local.is_tree:
                ranked.append((local.colours, [], local.names(_settle_tree(local.partition()))))
            else:
                inner = self._settle_cyclic(local, probe, depth)
                ranked.append((local.colours, local.certificate(inner), local.names(inner)))
        ranked.sort(key=lambda entry: entry[:2])
        position: dict[int, int] = {}
        for _, _, vertices in ranked:
            for vertex in vertices:
                position[vertex] = len(position)
        return sorted(position, key=lambda v: (partition.cell_of[v], position[v]))

    def _settle_cyclic(self, local: "_Local", probe: bool, depth: int) -> list[int]:
        """The least of the orders that begin with different vertices of one cell."""
        root = local.partition()
        if root.is_discrete:
            return self.order(root)
        children = self._most_promising(root, depth)
        first = next(iter(children))
        if probe:
            return self.order(children[first], True, depth + 1)

        probed = local.certificate(example := self.order(children[first], True, depth + 1))
        orbits = _Orbits(children)
        tried: dict[int, tuple[Certificate, list[int]]] = {}
        for vertex, child in children.items():
            if orbits.joined(vertex, tried):
                continue
            if tried:
                # Most often vertices are interchangeable, and one order each is enough to see it.
                order = self.order(child, True, depth + 1)
                if local.certificate(order) == probed:
                    orbits.merge(example, order)
                    continue
            order = self.order(child, False, depth + 1)
            certificate = local.certificate(order)
            for known, other in tried.values():
                if known == certificate:
                    orbits.merge(other, order)
            tried[vertex] = (certificate, order)
        return min(tried.values())[1]

    def _most_promising(self, root: Partition, depth: int) -> dict[int, Partition]:
        """The vertices of the cell with most ties that leave the least shape when set apart."""
        cell = root.target()
        self.numbered += len(cell) * len(root.cell_of)
        if self.numbered > MAX_NUMBERED_NODES or depth == _MAX_DEPTH:
            raise CellError(
                "the cell is too symmetric to name: ways of numbering its nodes were tried up to a "
                f"total of {MAX_NUMBERED_NODES} nodes, and none proved to be the canonical one; "
                "share fewer Linear nodes among identical parts"
            )
        children = {}
        for vertex in cell:
            children[vertex] = root.copy()
            children[vertex].individualise(vertex)
        shapes = {vertex: child.shape() for vertex, child in children.items()}
        least = min(shapes.values())
        return {vertex: children[vertex] for vertex in children if shapes[vertex] == least}


class _Local:
    """One component as a graph of its own, vertices numbered from 0."""

    def __init__(
        self, component: list[int], cell_of: list[int], edges: list[list[tuple[int, int]]]
    ) -> None:
        self.component = sorted(component, key=lambda v: cell_of[v])
        self.colours = [cell_of[v] for v in self.component]
        number = {v: i for i, v in enumerate(self.component)}
        self.adjacency = [
            [(number[neighbour], label) for neighbour, label in edges[v]] for v in self.component
        ]

    @property
    def is_tree(self) -> bool:
        return sum(map(len, self.adjacency)) == 2 * (len(self.component) - 1)

    def partition(self) -> Partition:
        return Partition(self.colours, self.adjacency)

    def names(self, order: list[int]) -> list[int]:
        return [self.component[v] for v in order]

    def certificate(self, order: list[int]) -> Certificate:
        """All that there is to know of the component, in the words of the order."""
        position = {v: i for i, v in enumerate(order)}
        return [
            (self.colours[v], sorted((position[u], label) for u, label in self.adjacency[v]))
            for v in order
        ]


class _Orbits:
    """Which candidates are known to be interchangeable (union-find)."""

    def __init__(self, candidates: Iterable[int]) -> None:
        self._parent = {v: v for v in candidates}

    def _root(self, vertex: int) -> int:
        while self._parent[vertex] != vertex:
            vertex = self._parent[vertex]
        return vertex

    def merge(self, order: list[int], image: list[int]) -> None:
        """Note the automorphism that maps one order to the other."""
        for u, v in zip(order, image, strict=True):
            if u in self._parent:
                self._parent[self._root(u)] = self._root(v)

    def joined(self, vertex: int, tried: Iterable[int]) -> bool:
        return any(self._root(vertex) == self._root(other) for other in tried)


def _settle_tree(partition: Partition) -> list[int]:
    """An order of a tree: any vertex of a cell may come first, for all are interchangeable."""
    size = len(partition.cell_of)
    for start in range(size):
        while len(partition.cells.get(start, ())) > 1:
            partition.individualise(partition.cells[start][0])
    return [partition.cells[start][0] for start in range(size)]


def _components(edges: list[list[tuple[int, int]]]) -> list[list[int]]:
    seen = [False] * len(edges)
    result = []
    for root in range(len(edges)):
        if seen[root]:
            continue
        seen[root] = True
        component = [root]
        for vertex in component:  # grows while it is read
            for neighbour, _ in edges[vertex]:
                if not seen[neighbour]:
                    seen[neighbour] = True
                    component.append(neighbour)
        result.append(component)
    return result
