"""A course as text: where its ends lie, and what is drawn between."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from archsearch.report.text_chart import ASCII, text_chart

METRICS = st.lists(st.floats(0.1, 1e4) | st.just(math.nan), min_size=1, max_size=300)


def test_a_course_goes_down_step_by_step_beside_what_it_is_compared_with() -> None:
    chart = text_chart([9.0, 3.0, 3.0, 2.0, 1.0, 1.0], {"lstm": 2.0}, 27, 3, ASCII)
    assert [line.rstrip() for line in chart] == [
        "3.000 |=======+",  # 9 is off the scale, which leaves the first third out
        "2.000 |-------+==+---- lstm",
        "1.000 |          +====",
        "      +1             6",
    ]


@settings(max_examples=30)
@given(METRICS, st.dictionaries(st.sampled_from(["lstm", "gru"]), st.floats(0.1, 1e4)))
def test_every_chart_fits_and_draws_each_column_once(
    values: list[float], marks: dict[str, float]
) -> None:
    chart = text_chart(values, marks, 60, 9, ASCII)
    if all(math.isnan(value) for value in values):
        assert chart == []
        return
    assert len(chart) == 9 + 1
    assert all(len(line) <= 60 for line in chart)
    drawn = "".join(chart)
    assert "=" in drawn or "+" in drawn
    assert all(name in drawn for name in marks)
