"""Published cells by name: `zoo["lstm"]`."""

from collections.abc import Iterator, Mapping
from functools import cache

from archsearch.cell.cell import Cell
from archsearch.cell.errors import CellError, did_you_mean, shown
from archsearch.cell.parser import parse


class UnknownCellError(CellError, KeyError):
    """A name that the zoo does not have."""

    def __str__(self) -> str:  # KeyError would print the repr
        return str(self.args[0])


_LSTM_GATES = """\
i = Sigmoid(Linear(x_t, h_tm1)); f = Sigmoid(Linear(x_t, h_tm1{bias}));
g = Tanh(Linear(x_t, h_tm1)); o = Sigmoid(Linear(x_t, h_tm1));
"""

# Each text with where it comes from, and how it differs from that, if it does. JZS 2015 is
# Jozefowicz, Zaremba & Sutskever, An Empirical Exploration of Recurrent Network Architectures,
# whose output gate is a tanh where it is a sigmoid here.
_TEXTS = {
    # Simple recurrent network. Elman 1990, Finding Structure in Time, figure 2. His units are
    # logistic; tanh is what torch.nn.RNN has
    "rnn": "h_t = Tanh(Linear(x_t, h_tm1))",
    # Long short-term memory. Gers, Schmidhuber & Cummins 2000, Learning to Forget: Continual
    # Prediction with LSTM, section 3; tanh in place of the paper's scaled sigmoids, as in
    # torch.nn.LSTM
    "lstm": (
        _LSTM_GATES.format(bias="")
        + "c_t = Add(Mult(f, c_tm1), Mult(i, g)); h_t = Mult(o, Tanh(c_t))"
    ),
    # LSTM with forget bias 1. JZS 2015, table 1, LSTM-b; the output gate as in `lstm`
    "lstm_b": (
        _LSTM_GATES.format(bias=", bias=1")
        + "c_t = Add(Mult(f, c_tm1), Mult(i, g)); h_t = Mult(o, Tanh(c_t))"
    ),
    # LSTM without forget gate. JZS 2015, table 1, LSTM-f; the output gate as in `lstm`
    "lstm_f": (
        "i = Sigmoid(Linear(x_t, h_tm1)); g = Tanh(Linear(x_t, h_tm1));\n"
        "o = Sigmoid(Linear(x_t, h_tm1));\n"
        "c_t = Add(c_tm1, Mult(i, g)); h_t = Mult(o, Tanh(c_t))"
    ),
    # LSTM without input gate. JZS 2015, table 1, LSTM-i; the output gate as in `lstm`
    "lstm_i": (
        "f = Sigmoid(Linear(x_t, h_tm1)); g = Tanh(Linear(x_t, h_tm1));\n"
        "o = Sigmoid(Linear(x_t, h_tm1));\n"
        "c_t = Add(Mult(f, c_tm1), g); h_t = Mult(o, Tanh(c_t))"
    ),
    # LSTM without output gate. JZS 2015, table 1, LSTM-o
    "lstm_o": (
        "i = Sigmoid(Linear(x_t, h_tm1)); f = Sigmoid(Linear(x_t, h_tm1));\n"
        "g = Tanh(Linear(x_t, h_tm1));\n"
        "c_t = Add(Mult(f, c_tm1), Mult(i, g)); h_t = Tanh(c_t)"
    ),
    # Gated recurrent unit. Cho et al. 2014, Learning Phrase Representations using RNN
    # Encoder-Decoder, equations 5 to 8; the reset gate comes after the matrix product, as in cuDNN
    # and torch.nn.GRU
    "gru": (
        "r = Sigmoid(Linear(x_t, h_tm1)); z = Sigmoid(Linear(x_t, h_tm1));\n"
        "n = Tanh(Add(Linear(x_t), Mult(r, Linear(h_tm1))));\n"
        "h_t = Add(Mult(z, h_tm1), Mult(OneMinus(z), n))"
    ),
    # Minimal gated unit. Zhou, Wu, Zhang & Zhou 2016, Minimal Gated Unit for Recurrent Neural
    # Networks, section 3
    "mgu": (
        "f = Sigmoid(Linear(x_t, h_tm1)); n = Tanh(Linear(x_t, Mult(f, h_tm1)));\n"
        "h_t = Add(Mult(OneMinus(f), h_tm1), Mult(f, n))"
    ),
    # Mutation 1. JZS 2015, section 4, MUT1
    "mut1": (
        "z = Sigmoid(Linear(x_t)); r = Sigmoid(Linear(x_t, h_tm1));\n"
        "n = Tanh(Add(Linear(Mult(r, h_tm1)), Tanh(x_t)));\n"
        "h_t = Add(Mult(n, z), Mult(h_tm1, OneMinus(z)))"
    ),
    # Mutation 2. JZS 2015, section 4, MUT2
    "mut2": (
        "z = Sigmoid(Linear(x_t, h_tm1)); r = Sigmoid(Add(x_t, Linear(h_tm1)));\n"
        "n = Tanh(Linear(Mult(r, h_tm1), x_t));\n"
        "h_t = Add(Mult(n, z), Mult(h_tm1, OneMinus(z)))"
    ),
    # Mutation 3. JZS 2015, section 4, MUT3
    "mut3": (
        "z = Sigmoid(Linear(x_t, Tanh(h_tm1))); r = Sigmoid(Linear(x_t, h_tm1));\n"
        "n = Tanh(Linear(Mult(r, h_tm1), x_t));\n"
        "h_t = Add(Mult(n, z), Mult(h_tm1, OneMinus(z)))"
    ),
    # NASCell. Zoph & Le 2016, Neural Architecture Search with Reinforcement Learning, appendix A,
    # figure 8, as released; the released cell has no biases; Linear always has one, 0 at first
    "nascell": (
        """\
p0 = Sigmoid(Linear(x_t, h_tm1)); p1 = ReLU(Linear(x_t, h_tm1));
p2 = Sigmoid(Linear(x_t, h_tm1)); p3 = ReLU(Mult(Linear(x_t), Linear(h_tm1)));
p4 = Tanh(Linear(x_t, h_tm1)); p5 = Sigmoid(Linear(x_t, h_tm1));
p6 = Tanh(Linear(x_t, h_tm1)); p7 = Sigmoid(Linear(x_t, h_tm1));
q0 = Tanh(Mult(p0, p1)); q1 = Tanh(Add(p2, p3));
q2 = Tanh(Mult(p4, p5)); q3 = Sigmoid(Add(p6, p7));
c_t = Mult(Tanh(Add(q0, c_tm1)), q1);
h_t = Tanh(Mult(c_t, Tanh(Add(q2, q3))))"""
    ),
    # Best cell 3. Schrimpf, Merity, Bradbury & Socher 2017, A Flexible Approach to Automated RNN
    # Architecture Generation, section 4.1, BC3; the paper's equations have no biases; Linear always
    # has one, 0 at first
    "bc3": (
        """\
z = Mult(Linear(Mult(Linear(c_tm1), Linear(x_t))), Linear(x_t));
c_t = Tanh(Gate3(Linear(x_t), z, Linear(x_t, h_tm1)));
h_t = Gate3(c_t, h_tm1, Linear(x_t, h_tm1))"""
    ),
}


class Zoo(Mapping[str, Cell]):
    """The published cells, read-only: a mapping from name to cell."""

    def __getitem__(self, name: str) -> Cell:
        if name not in _TEXTS:
            raise UnknownCellError(
                f"expected the name of a published cell, got {shown(name)}; "
                f"{did_you_mean(str(name), _TEXTS)}"
            )
        return _parsed(_TEXTS[name])

    def __iter__(self) -> Iterator[str]:
        return iter(_TEXTS)

    def __len__(self) -> int:
        return len(_TEXTS)


@cache
def _parsed(text: str) -> Cell:
    return parse(text)


zoo = Zoo()
