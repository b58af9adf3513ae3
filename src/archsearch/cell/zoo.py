"""Published cells by name: `zoo["lstm"]`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from archsearch.cell.cell import Cell
from archsearch.cell.errors import CellError, did_you_mean, shown
from archsearch.cell.parser import parse


@dataclass(frozen=True, slots=True)
class Entry:
    """A published cell: where it comes from, and how this text differs from it, if it does."""

    name: str
    title: str
    paper: str
    reference: str  # section, equation or figure
    text: str
    differs: str = ""


class UnknownCellError(CellError, KeyError):
    """A name that the zoo does not have."""

    def __str__(self) -> str:  # KeyError would print the repr
        return str(self.args[0])


_LSTM_GATES = """\
i = Sigmoid(Linear(x_t, h_tm1)); f = Sigmoid(Linear(x_t, h_tm1{bias}));
g = Tanh(Linear(x_t, h_tm1)); o = Sigmoid(Linear(x_t, h_tm1));
"""
_GERS = "Gers, Schmidhuber & Cummins 2000, Learning to Forget: Continual Prediction with LSTM"
_EXPLORATION = (
    "Jozefowicz, Zaremba & Sutskever 2015, An Empirical Exploration of Recurrent Network "
    "Architectures"
)
_LOGISTIC_OUTPUT = "the paper's output gate is a tanh; here it is a sigmoid, as in `lstm`"

ENTRIES = (
    Entry(
        "rnn",
        "Simple recurrent network",
        "Elman 1990, Finding Structure in Time",
        "figure 2",
        "h_t = Tanh(Linear(x_t, h_tm1))",
        "Elman's units are logistic; tanh is what torch.nn.RNN has",
    ),
    Entry(
        "lstm",
        "Long short-term memory",
        _GERS,
        "section 3",
        _LSTM_GATES.format(bias="")
        + "c_t = Add(Mult(f, c_tm1), Mult(i, g)); h_t = Mult(o, Tanh(c_t))",
        "tanh in place of the paper's scaled sigmoids, as in torch.nn.LSTM",
    ),
    Entry(
        "lstm_b",
        "LSTM with forget bias 1",
        _EXPLORATION,
        "table 1, LSTM-b",
        _LSTM_GATES.format(bias=", bias=1")
        + "c_t = Add(Mult(f, c_tm1), Mult(i, g)); h_t = Mult(o, Tanh(c_t))",
        _LOGISTIC_OUTPUT,
    ),
    Entry(
        "lstm_f",
        "LSTM without forget gate",
        _EXPLORATION,
        "table 1, LSTM-f",
        "i = Sigmoid(Linear(x_t, h_tm1)); g = Tanh(Linear(x_t, h_tm1));\n"
        "o = Sigmoid(Linear(x_t, h_tm1));\n"
        "c_t = Add(c_tm1, Mult(i, g)); h_t = Mult(o, Tanh(c_t))",
        _LOGISTIC_OUTPUT,
    ),
    Entry(
        "lstm_i",
        "LSTM without input gate",
        _EXPLORATION,
        "table 1, LSTM-i",
        "f = Sigmoid(Linear(x_t, h_tm1)); g = Tanh(Linear(x_t, h_tm1));\n"
        "o = Sigmoid(Linear(x_t, h_tm1));\n"
        "c_t = Add(Mult(f, c_tm1), g); h_t = Mult(o, Tanh(c_t))",
        _LOGISTIC_OUTPUT,
    ),
    Entry(
        "lstm_o",
        "LSTM without output gate",
        _EXPLORATION,
        "table 1, LSTM-o",
        "i = Sigmoid(Linear(x_t, h_tm1)); f = Sigmoid(Linear(x_t, h_tm1));\n"
        "g = Tanh(Linear(x_t, h_tm1));\n"
        "c_t = Add(Mult(f, c_tm1), Mult(i, g)); h_t = Tanh(c_t)",
    ),
    Entry(
        "gru",
        "Gated recurrent unit",
        "Cho et al. 2014, Learning Phrase Representations using RNN Encoder-Decoder",
        "equations 5 to 8",
        "r = Sigmoid(Linear(x_t, h_tm1)); z = Sigmoid(Linear(x_t, h_tm1));\n"
        "n = Tanh(Add(Linear(x_t), Mult(r, Linear(h_tm1))));\n"
        "h_t = Add(Mult(z, h_tm1), Mult(OneMinus(z), n))",
        "the reset gate comes after the matrix product, as in cuDNN and torch.nn.GRU",
    ),
    Entry(
        "mgu",
        "Minimal gated unit",
        "Zhou, Wu, Zhang & Zhou 2016, Minimal Gated Unit for Recurrent Neural Networks",
        "section 3",
        "f = Sigmoid(Linear(x_t, h_tm1)); n = Tanh(Linear(x_t, Mult(f, h_tm1)));\n"
        "h_t = Add(Mult(OneMinus(f), h_tm1), Mult(f, n))",
    ),
    Entry(
        "mut1",
        "Mutation 1",
        _EXPLORATION,
        "section 4, MUT1",
        "z = Sigmoid(Linear(x_t)); r = Sigmoid(Linear(x_t, h_tm1));\n"
        "n = Tanh(Add(Linear(Mult(r, h_tm1)), Tanh(x_t)));\n"
        "h_t = Add(Mult(n, z), Mult(h_tm1, OneMinus(z)))",
    ),
    Entry(
        "mut2",
        "Mutation 2",
        _EXPLORATION,
        "section 4, MUT2",
        "z = Sigmoid(Linear(x_t, h_tm1)); r = Sigmoid(Add(x_t, Linear(h_tm1)));\n"
        "n = Tanh(Linear(Mult(r, h_tm1), x_t));\n"
        "h_t = Add(Mult(n, z), Mult(h_tm1, OneMinus(z)))",
    ),
    Entry(
        "mut3",
        "Mutation 3",
        _EXPLORATION,
        "section 4, MUT3",
        "z = Sigmoid(Linear(x_t, Tanh(h_tm1))); r = Sigmoid(Linear(x_t, h_tm1));\n"
        "n = Tanh(Linear(Mult(r, h_tm1), x_t));\n"
        "h_t = Add(Mult(n, z), Mult(h_tm1, OneMinus(z)))",
    ),
    Entry(
        "nascell",
        "NASCell",
        "Zoph & Le 2016, Neural Architecture Search with Reinforcement Learning",
        "appendix A, figure 8, as released",
        """\
p0 = Sigmoid(Linear(x_t, h_tm1)); p1 = ReLU(Linear(x_t, h_tm1));
p2 = Sigmoid(Linear(x_t, h_tm1)); p3 = ReLU(Mult(Linear(x_t), Linear(h_tm1)));
p4 = Tanh(Linear(x_t, h_tm1)); p5 = Sigmoid(Linear(x_t, h_tm1));
p6 = Tanh(Linear(x_t, h_tm1)); p7 = Sigmoid(Linear(x_t, h_tm1));
q0 = Tanh(Mult(p0, p1)); q1 = Tanh(Add(p2, p3));
q2 = Tanh(Mult(p4, p5)); q3 = Sigmoid(Add(p6, p7));
c_t = Mult(Tanh(Add(q0, c_tm1)), q1);
h_t = Tanh(Mult(c_t, Tanh(Add(q2, q3))))""",
        "the released cell has no biases; Linear always has one, 0 at first",
    ),
    Entry(
        "bc3",
        "Best cell 3",
        "Schrimpf, Merity, Bradbury & Socher 2017, A Flexible Approach to Automated RNN "
        "Architecture Generation",
        "section 4.1, BC3",
        """\
z = Mult(Linear(Mult(Linear(c_tm1), Linear(x_t))), Linear(x_t));
c_t = Tanh(Gate3(Linear(x_t), z, Linear(x_t, h_tm1)));
h_t = Gate3(c_t, h_tm1, Linear(x_t, h_tm1))""",
        "the paper's equations have no biases; Linear always has one, 0 at first",
    ),
)


class Zoo(Mapping[str, Cell]):
    """The published cells, read-only: a mapping from name to cell."""

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        self._entries = {entry.name: entry for entry in entries}

    def entry(self, name: str) -> Entry:
        """Title, paper, equation and text. Raises UnknownCellError, which names the nearest."""
        if name not in self._entries:
            raise UnknownCellError(
                f"expected the name of a published cell, got {shown(name)}; "
                f"{did_you_mean(str(name), self._entries)}"
            )
        return self._entries[name]

    def __getitem__(self, name: str) -> Cell:
        return _parsed(self.entry(name).text)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


@cache
def _parsed(text: str) -> Cell:
    return parse(text)


zoo = Zoo(ENTRIES)
