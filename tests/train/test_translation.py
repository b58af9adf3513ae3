"""Translation: what is learnt, what figures are quoted with, and how it ends or fails."""

import pickle
import random
from functools import partial
from pathlib import Path

import pytest
import torch

from archsearch.cell import zoo
from archsearch.data import DataError, Iwslt, ParallelFiles
from archsearch.nn import EncoderDecoder, LanguageModel
from archsearch.train import (
    Adam,
    Budget,
    Diverged,
    Recipe,
    SgdPlateau,
    Training,
    TranslationTask,
    fit,
    metric_on_test,
)
from archsearch.train.epochs import LAST, SaveEpochs
from archsearch.train.translation import Bleu

MODEL = partial(EncoderDecoder, init_scale=0.1, searched="both")
ADAM = Training("adam", Adam(lr=2e-2), clip_norm=1.0)


def budget_of(**changes) -> Budget:
    small = {
        "epochs": 2, "num_layers": 1, "hidden_size": 16, "batch_size": 16, "unroll_steps": 1,
    }  # fmt: skip
    return Budget("test", **{**small, **changes})


@pytest.fixture(scope="module")
def task(tmp_path_factory) -> TranslationTask:
    """A language of eight words that stand in reverse order in the other."""
    folder, rng = tmp_path_factory.mktemp("toy"), random.Random(1)
    files = {}
    for split, num_lines in (("train", 400), ("valid", 40), ("test", 40)):
        lines = [rng.choices("abcdefgh", k=rng.randint(2, 4)) for _ in range(num_lines)]
        files[split] = [str(folder / f"{split}.{side}") for side in ("source", "target")]
        for path, step in zip(files[split], (1, -1), strict=True):
            Path(path).write_text("".join(f"{' '.join(line[::step])}\n" for line in lines))
    return TranslationTask("toy", ParallelFiles("toy", **files), beam_size=2)


def fitted(task, budget=None, model=MODEL, training=ADAM, cell="gru", **options):
    return fit(Recipe(task, model, budget or budget_of(), training), zoo[cell], seed=1, **options)


def test_a_toy_language_is_learnt_and_bleu_is_that_of_the_translations(task):
    budget = budget_of(epochs=12, hidden_size=32)
    done = fitted(task, budget)
    bleus = [epoch.valid_metric for epoch in done.curve]
    perplexities = [epoch.measures["perplexity"] for epoch in done.curve]
    assert done.metric == bleus[-1] > 60 > 20 > bleus[0]
    assert 1 < perplexities[-1] < 2 < perplexities[0]
    assert metric_on_test(Recipe(task, MODEL, budget, ADAM), done.module) > 60
    assert done.module.test_measures.keys() == {"perplexity"}
    assert done.module.costs == [-bleu for bleu in bleus]
    assert task.metric(task.fitness(34.05)) == pytest.approx(34.05)


def test_the_same_seed_gives_the_same_curve_also_from_a_pickled_task(task):
    def curve(of):
        model = partial(MODEL, dropout=0.2)
        return [(e.train_loss, e.valid_metric) for e in fitted(of, model=model).curve]

    assert curve(task) == curve(pickle.loads(pickle.dumps(task)))


def test_figures_are_quoted_with_the_signature_and_what_the_text_says_of_itself(task):
    assert task.notes["BLEU"].startswith("nrefs:1|case:mixed|eff:no|tok:none|smooth:exp|version:")
    assert task.notes["data"] == "the user's own files, not verified"
    assert "sample" in TranslationTask("iwslt", Iwslt(), tokenize="13a").notes["data"]
    assert "tok:13a" in TranslationTask("iwslt", Iwslt(), tokenize="13a").notes["BLEU"]


def test_bleu_is_in_percent_and_case_counts():
    bleu = Bleu("none")
    assert bleu(["a b c d e"], ["a b c d e"]) == pytest.approx(100)
    assert bleu(["a b c d"], ["a b c d e"]) == pytest.approx(77.88, abs=0.01)  # exp(1 − 5/4)
    assert bleu(["A B C D E"], ["a b c d e"]) < 1
    assert bleu([""], ["a"]) == 0


def test_the_schedule_looks_at_perplexity_and_ends_the_training_also_when_it_is_resumed(
    task, tmp_path
):
    stalls = Training("stalls", SgdPlateau(1e-30, factor=2.0, floor=0.9e-30))
    budget = budget_of(epochs=9)
    done = fitted(task, budget, training=stalls, callbacks=[SaveEpochs(tmp_path)])
    assert len(done.curve) == 2, "the second epoch did not improve on the first"
    again = fitted(task, budget, training=stalls, checkpoint=tmp_path / LAST)
    assert again.curve == done.curve


def test_guessing_worse_than_at_random_is_a_divergence(task):
    wild = Training("wild", Adam(lr=30.0))
    with pytest.raises(Diverged, match="validation perplexity"):
        fitted(task, budget_of(epochs=1), training=wild)


def test_target_words_that_training_never_shows_are_not_predicted(task, tmp_path):
    files = {split: list(getattr(task._text, split)) for split in ("train", "valid", "test")}
    files["valid"] = [files["valid"][0], str(tmp_path / "new")]
    Path(files["valid"][1]).write_text("a new\n" * 40)
    new = TranslationTask("toy", ParallelFiles("toy", **files))
    budget, generator = budget_of(), torch.Generator().manual_seed(1)
    module = new.module(new.network(zoo["gru"], budget, MODEL, generator), budget, ADAM, generator)
    sizes = [module.step_loss(batch).size for batch in module.valid_batches()]
    assert sum(sizes) == 2 * 40, "`a` and the end of each"


def test_a_healthy_first_epoch_on_few_words_is_no_divergence(tmp_path):
    lines = {"train": ["a a a a"] * 600, "valid": ["a b b b"] * 16}
    files = {}
    for split in ("train", "valid"):
        files[split] = [str(tmp_path / f"{split}.{side}") for side in ("source", "target")]
        for path in files[split]:
            Path(path).write_text("".join(f"{line}\n" for line in [*lines[split], "b b"]))
    few = TranslationTask("few", ParallelFiles("few", **files, test=files["valid"]), min_count=1)
    done = fitted(few, budget_of(epochs=1))
    assert 2 * (4 + 2) < done.curve[0].measures["perplexity"] < 1000


def test_a_model_of_another_kind_is_named(task):
    with pytest.raises(ValueError, match="got LanguageModel; try model=encoder_decoder"):
        fitted(task, model=partial(LanguageModel, tied=True))


def test_a_corpus_shorter_than_a_batch_is_one_line(task):
    with pytest.raises(DataError, match="32 sentence pairs are too few for batch_size 64") as said:
        fitted(task, budget_of(batch_size=64, max_train_symbols=32))
    assert "\n" not in str(said.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"beam_size": 0}, "task.beam_size: expected at least 1, got 0"),
        ({"tokenize": "moses"}, "task.tokenize: expected .*13a.*, got 'moses'"),
    ],
)
def test_settings_that_cannot_be_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        TranslationTask("toy", Iwslt(), **settings)
