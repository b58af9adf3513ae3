"""What a chart of dots leaves beyond its edge."""

from hypothesis import given
from hypothesis import strategies as st

from archsearch.report.chart import canvas
from archsearch.report.far_off import Bounds, beyond_text, middle, scatter, with_all, without_bad

METRICS = st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=50)


@given(METRICS, st.booleans())
def test_the_better_half_is_always_shown(metrics: list[float], lower_is_better: bool) -> None:
    bounds = without_bad(metrics, lower_is_better=lower_is_better)
    best_first = sorted(metrics, reverse=not lower_is_better)
    assert all(bounds.has(metric) for metric in best_first[: len(metrics) // 2])


def test_ten_good_cells_beside_many_poor_ones_are_shown() -> None:
    """Bounds from quartiles on both sides called the ten best far off."""
    good, poor = [12.0 + i / 10 for i in range(10)], [30.0 + i / 100 for i in range(50)]
    assert not middle([*good, *poor]).has(12.0)
    bounds = without_bad([*good, *poor, 5000.0], lower_is_better=True)
    assert all(map(bounds.has, [*good, *poor]))
    assert not bounds.has(5000.0)
    scores = [-metric for metric in [*good, *poor, 5000.0]]
    assert all(map(without_bad(scores, lower_is_better=False).has, scores[:-1]))


def test_what_lies_beyond_stands_at_the_edge_and_is_counted() -> None:
    xs, ys = [1.0, 2.0, 3.0, 50.0], [1.0, 1.0, 9.0, 1.0]
    within = with_all(Bounds(1.0, 2.0), [3.0]), Bounds(1.0, 2.0)
    with canvas() as drawing:
        axes = drawing.axes("x", "y")
        scatter(axes, xs, ys, within)
        marks = [str(line.get_marker()) for line in axes.lines]
        assert marks == ["^", ">"]
        assert axes.get_xlim()[1] < 4
    assert beyond_text(xs, ys, within) == " 2 lie beyond the edge, where triangles point to them."
    assert beyond_text(xs[:2], ys[:2], within) == ""
