import pytest

from archsearch.train.__main__ import quote_text

TEXT = "z = Sigmoid(Linear(x_t)); h_t = Tanh(Mult(z, Linear(h_tm1)))"


@pytest.mark.parametrize(
    ("argument", "quoted"),
    [
        (f"cell={TEXT}", f"cell='{TEXT}'"),
        (f"cell='{TEXT}'", f"cell='{TEXT}'"),
        ("cell=conv 1x1x2 <- image", "cell='conv 1x1x2 <- image'"),
        ("cell=zoo/lstm,zoo/gru", "cell=zoo/lstm,zoo/gru"),
        ("trainer.schedule={lr: 1}", "trainer.schedule={lr: 1}"),
    ],
)
def test_texts_are_quoted_for_hydra_and_nothing_else_is(argument, quoted):
    assert quote_text(argument) == quoted
