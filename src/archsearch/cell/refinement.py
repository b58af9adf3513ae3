"""Colour refinement: which vertices of a graph can be told apart by how they see the others."""

from collections import deque
from collections.abc import Iterable, Sequence

# adjacency[v]: each neighbour of v once, with the label of the edge as v sees it.
Adjacency = Sequence[Sequence[tuple[int, int]]]


class Partition:
    """The coarsest equitable partition that refines the colours: vertices in ordered cells.

    Equitable: all vertices of one cell have as many neighbours of each label in each cell. The
    order of the cells is canonical. A cell is known by the position of its first vertex.
    """

    def __init__(self, colours: Sequence[int], adjacency: Adjacency) -> None:
        self.adjacency = adjacency
        self.cells: dict[int, list[int]] = {}
        self.cell_of = [0] * len(colours)
        start = 0
        for group in _grouped(colours):
            self._put(start, group)
            start += len(group)
        self._refine(sorted(self.cells))

    def _put(self, start: int, vertices: list[int]) -> None:
        self.cells[start] = vertices
        for vertex in vertices:
            self.cell_of[vertex] = start

    @property
    def is_discrete(self) -> bool:
        return len(self.cells) == len(self.cell_of)

    def individualise(self, vertex: int) -> None:
        """Set the vertex apart, before the others of its cell, and refine."""
        start = self.cell_of[vertex]
        rest = [v for v in self.cells[start] if v != vertex]
        self._put(start, [vertex])
        self._put(start + 1, rest)
        self._refine([start])

    def copy(self) -> "Partition":
        twin = object.__new__(Partition)
        twin.adjacency = self.adjacency
        twin.cells = dict(self.cells)  # lists of vertices are never changed in place
        twin.cell_of = list(self.cell_of)
        return twin

    def _refine(self, splitters: Iterable[int]) -> None:
        """Split cells until all vertices of one cell see every cell alike."""
        queue = deque(splitters)
        waiting = set(queue)
        while queue and not self.is_discrete:
            splitter = queue.popleft()
            waiting.discard(splitter)
            for start, fragments in self._splits(self.cells[splitter]):
                position = start
                starts = []
                for fragment in fragments:
                    self._put(position, fragment)
                    starts.append(position)
                    position += len(fragment)
                if start not in waiting:
                    # What all fragments say together is known, so the largest may stay out.
                    starts.remove(max(starts, key=lambda s: (len(self.cells[s]), -s)))
                for new in starts:
                    if new not in waiting:
                        waiting.add(new)
                        queue.append(new)

    def _splits(self, splitter: list[int]) -> list[tuple[int, list[list[int]]]]:
        """The cells that the splitter divides, each with its fragments in canonical order."""
        seen: dict[int, list[int]] = {}
        for vertex in splitter:
            for neighbour, label in self.adjacency[vertex]:
                seen.setdefault(neighbour, []).append(label)
        touched: dict[int, dict[tuple[int, ...], list[int]]] = {}
        for vertex, labels in seen.items():
            start = self.cell_of[vertex]
            if len(self.cells[start]) > 1:
                signature = tuple(sorted(labels))
                touched.setdefault(start, {}).setdefault(signature, []).append(vertex)
        result = []
        for start, groups in sorted(touched.items()):
            untouched = [v for v in self.cells[start] if v not in seen]
            if untouched:
                groups[()] = untouched
            if len(groups) > 1:
                result.append((start, [group for _, group in sorted(groups.items())]))
        return result

    def target(self) -> list[int]:
        """The cell to break first: seen by most other cells; of those, the smallest."""

        def place(start: int) -> tuple[int, int, int]:
            cell = self.cells[start]
            return (-len({self.cell_of[u] for u, _ in self.adjacency[cell[0]]}), len(cell), start)

        return self.cells[min((s for s, c in self.cells.items() if len(c) > 1), key=place)]

    def shape(self) -> list[tuple[int, list[tuple[int, int]]]]:
        """What an isomorphism preserves: for each cell the labels by which it sees the others."""
        return [
            (start, sorted((self.cell_of[u], label) for u, label in self.adjacency[cell[0]]))
            for start, cell in sorted(self.cells.items())
        ]

    def informative_edges(self) -> list[list[tuple[int, int]]]:
        """The adjacency without the edges that the cells alone imply."""
        informative: dict[tuple[int, int], bool] = {}
        result: list[list[tuple[int, int]]] = [[] for _ in self.cell_of]
        for start, cell in self.cells.items():
            if len(cell) == 1:
                continue
            # The partition is equitable: the first vertex of a cell speaks for all.
            labels: dict[int, list[int]] = {}
            for neighbour, label in self.adjacency[cell[0]]:
                labels.setdefault(self.cell_of[neighbour], []).append(label)
            for other, found in labels.items():
                full = len(self.cells[other]) - (other == start)
                informative[start, other] = len(found) < full or len(set(found)) > 1
            for vertex in cell:
                result[vertex] = [
                    edge
                    for edge in self.adjacency[vertex]
                    if informative[start, self.cell_of[edge[0]]]
                ]
        return result


def _grouped(colours: Sequence[int]) -> list[list[int]]:
    groups: dict[int, list[int]] = {}
    for vertex, colour in enumerate(colours):
        groups.setdefault(colour, []).append(vertex)
    return [group for _, group in sorted(groups.items())]
