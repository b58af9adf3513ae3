import csv
import io
import math
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from browser import CHROMIUM, browser
from hypothesis import given
from hypothesis import strategies as st
from toy_runs import configuration, trials_of, write_run, write_trials

from archsearch.archive import Metric, Origin, Status, Trial
from archsearch.cell import zoo
from archsearch.config import ConfigError
from archsearch.findings.comparisons import compare
from archsearch.findings.course import course, evenly, top_mean
from archsearch.findings.differences import paired_differences, t_interval
from archsearch.findings.lineage import MAX_SHOWN, family
from archsearch.findings.origins import operator_shares
from archsearch.identity import identity
from archsearch.report.build import build_report
from archsearch.report.chart import COLOURS, DASHES, look
from archsearch.report.command import write_report
from archsearch.report.folder import LIST, PAGE, files_of, write_folder
from archsearch.report.lineage import to_svg
from archsearch.report.progress_charts import (
    best_against_seconds,
    best_against_trials,
)
from archsearch.report.strategy_charts import charts_of
from archsearch.report.table import Seconds, table, text, to_csv
from archsearch.run import Run, load


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A finished comparison of three strategies under two seeds."""
    root = tmp_path_factory.mktemp("outputs")
    searches = ("gp_neat_small", "random", "nas_controller_small")
    return [write_run(root, search, seed, 30) for search in searches for seed in (1, 2)]


@pytest.fixture(scope="module")
def runs(folders: list[Path]) -> list[Run]:
    return [load(folder) for folder in folders]


@pytest.fixture(scope="module")
def files(runs: list[Run]) -> dict[str, bytes]:
    return files_of(build_report(runs, []))


class Page(HTMLParser):
    """What a page links to and holds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def values(self, attribute: str) -> list[str]:
        return [attrs[attribute] or "" for _, attrs in self.tags if attribute in attrs]


def test_runs_that_differ_by_seed_are_one_setting(runs: list[Run]) -> None:
    (comparison,) = compare(runs)
    assert [(s.label, list(s.by_seed)) for s in comparison.settings] == [
        ("gp_neat_small on gp_tree", [1, 2]),
        ("random on gp_tree", [1, 2]),
        ("nas_controller_small on nas_base", [1, 2]),
    ]


def test_another_budget_is_not_compared_and_another_value_is_named(
    runs: list[Run], tmp_path: Path
) -> None:
    longer = load(write_run(tmp_path, "random", 1, 5, **{"budget.epochs": 2}))
    larger = load(write_run(tmp_path, "gp_neat_small", 1, 5, **{"search.population_size": 20}))
    first, second = compare([*runs, longer, larger])
    assert [run.folder for run in second.runs] == [longer.folder]
    assert {"population_size=10", "population_size=20"} == {
        setting.label.split("(")[1].rstrip(")")
        for setting in first.settings
        if setting.runs[0].choices.search == "gp_neat_small"
    }


def test_a_key_of_a_later_revision_does_not_part_runs(runs: list[Run]) -> None:
    config = {**runs[1].config, "task": {"name": "xml"}}
    (comparison,) = compare([runs[0], replace(runs[1], config=config)])
    assert len(comparison.settings) == 1


def test_best_so_far_is_that_of_the_fittest_and_never_gets_worse(runs: list[Run]) -> None:
    for run in runs:
        c = course(run)
        known = [metric for metric in c.best if not math.isnan(metric)]
        assert known == sorted(known, reverse=True)
        assert run.best is not None
        assert c.best[-1] == run.best.metric == top_mean(run, 1)
        assert c.after_seconds(c.total_seconds) == c.best[-1]
        assert math.isnan(c.after_seconds(0.0))
        assert c.total_seconds == pytest.approx(sum(t.wall_seconds for t in run.proposed))


@given(st.integers(1, 5000), st.integers(1, 300))
def test_points_of_a_line_end_at_its_end(stop: int, points: int) -> None:
    found = evenly(stop, points)
    assert len(found) <= points
    assert found[-1] == stop
    assert found[0] >= 1


def test_the_interval_is_students() -> None:
    mean, low, high = t_interval([1.0, 2.0, 3.0])  # 4.302653 is t of 2 degrees at 97.5%
    assert mean == 2.0
    assert high - 2.0 == pytest.approx(4.302653 / math.sqrt(3))
    assert 2.0 - low == pytest.approx(high - 2.0)
    assert t_interval([1.0]) == (1.0, -math.inf, math.inf)
    assert all(map(math.isnan, t_interval([1.0, math.nan, 2.0])))


def test_three_seeds_have_a_band_also_where_one_begins_with_a_failure(
    runs: list[Run],
) -> None:
    first, *others = runs[2].trials[3:]
    failed = Trial.failed(first.candidate, Status.DIVERGED, 1, "NaN in epoch 1", 2.0)
    seeds = [shifted(runs[2], seed, seed / 10) for seed in (1, 2, 3)]
    seeds[0] = replace(seeds[0], trials=(failed, *others))
    chart = best_against_trials(compare(seeds)[0], "best")
    assert "with the mean's 95% interval" in chart.caption


def test_a_best_so_far_holds_until_a_better_one_comes(runs: list[Run]) -> None:
    (comparison,) = compare(runs[:1])
    for chart in (best_against_trials(comparison, "a"), best_against_seconds(comparison, "b")):
        (line,) = [
            path.attrib["d"]
            for path in ElementTree.fromstring(chart.svg).iterfind(".//{*}g[@id='axes_1']//{*}path")
            if f"stroke: {COLOURS[0]}" in path.attrib.get("style", "")
        ]
        points = [tuple(map(float, each.split())) for each in re.findall(r"[\d.-]+ [\d.-]+", line)]
        assert len(points) > 3
        assert all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(points)), "a slope"


def test_the_page_says_how_large_both_are_and_that_one_seed_shows_nothing(
    runs: list[Run],
) -> None:
    best, (gru, *_) = runs[0].best, [t for n, t in runs[0].references.items() if n == "gru"]
    assert best is not None
    assert best.metric is not None
    (sentence,) = build_report(runs[:1], []).summary
    assert sentence.startswith(
        f"xml, budget tiny, gp_neat_small on gp_tree under seed 1: best cell: trial {best.number}, "
        f"perplexity {best.metric:.3f} ({math.log2(best.metric):.4f} bits per character), "
        f"{best.num_params / 1e3:.1f}k parameters; best reference: gru, perplexity 12.900 (3.6893 "
        f"bits per character), {gru.num_params / 1e3:.1f}k parameters; the best cell is "
    )
    assert "one seed each shows nothing yet. The metric: " in sentence
    assert "perplexity, lower is better" in sentence


def test_a_setting_is_held_against_its_best_reference(files: dict[str, bytes]) -> None:
    rows = list(csv.DictReader(io.StringIO(files["tables/settings.csv"].decode())))
    assert "better than gru" in rows[0]
    ranked = list(csv.DictReader(io.StringIO(files[leaderboard_of(files)].decode())))
    assert [float(row["bits per character"]) for row in ranked] == pytest.approx(
        [math.log2(float(row["perplexity"])) for row in ranked]
    )


def leaderboard_of(files: dict[str, bytes]) -> str:
    return next(name for name in files if name.endswith("leaderboard.csv"))


def test_no_line_hides_the_one_before() -> None:
    looks = [look(i) for i in range(len(COLOURS) * len(DASHES))]
    assert all(a["linestyle"] != b["linestyle"] for a, b in pairwise(looks))
    assert len({str(each) for each in looks}) == len(looks)
    assert ":" not in DASHES  # which references have


def shifted(run: Run, seed: int, by: float) -> Run:
    """The run under another seed, with all its strategy's metrics so much higher."""
    trials = [
        replace(t, metric=t.metric + by, fitness=-math.log(t.metric + by))
        if t.metric is not None and not t.candidate.is_reference
        else t
        for t in run.trials
    ]
    return replace(run, config={**run.config, "seed": seed}, trials=tuple(trials))


@pytest.mark.parametrize(
    ("gaps", "verdict"),
    [
        ([1.0, 1.1, 0.9], "the data show that gp_neat_small on gp_tree is better, over 3 seeds"),
        ([1.0, -1.0, 0.1], "3 seeds do not show a difference"),
        ([1.0, 1.0], "2 seeds show no difference; an interval takes 3"),
        ([1.0], "one seed each shows nothing yet"),
    ],
)
def test_the_sentence_says_what_the_seeds_show(
    runs: list[Run], gaps: list[float], verdict: str
) -> None:
    evolved, random = runs[0], replace(runs[0], config=runs[2].config, info=runs[2].info)
    pairs = [
        run
        for seed, gap in enumerate(gaps)
        for run in (shifted(evolved, seed, 0.0), shifted(random, seed, gap))
    ]
    (comparison,) = compare(pairs)
    at_trials, at_seconds = paired_differences(comparison)
    assert verdict in at_trials.sentence
    assert verdict in at_seconds.sentence
    assert at_trials.differences == pytest.approx([-gap for gap in gaps])


def test_shares_of_operators_sum_to_one(runs: list[Run]) -> None:
    spans = operator_shares(runs[0].proposed)
    assert [*spans] == list(range(3, 31, 3))
    for shares in spans.values():
        assert sum(shares.values()) == pytest.approx(1)
        assert set(shares) <= {"Linear", "Tanh", "Sigmoid", "ReLU"}


def chain(run: Run, length: int) -> list[Trial]:
    """Each trial has the two before it as parents."""
    first = run.proposed[0]
    return [
        replace(
            first,
            candidate=replace(
                first.candidate,
                number=number,
                origin=Origin("crossover", tuple(p for p in (number - 1, number - 2) if p >= 0)),
            ),
        )
        for number in range(length)
    ]


@pytest.mark.parametrize("length", [1, 3, 200])
def test_ancestors_stand_above_their_descendants(runs: list[Run], length: int) -> None:
    trials = chain(runs[0], length)
    tree = family(trials[-1], {trial.number: trial for trial in trials})
    assert len(tree.members) == min(length, MAX_SHOWN)
    assert tree.num_hidden == length - len(tree.members)
    depth = {number: i for i, row in enumerate(tree.rows) for number in row}
    assert tree.rows[-1] == (length - 1,)
    assert all(depth[p] < depth[n] for n, parents in tree.parents.items() for p in parents)
    ElementTree.fromstring(to_svg(tree, str))


@pytest.mark.parametrize(
    "overrides",
    [
        {},
        {"window": 4, "budget.hidden_size": 96, "trainer.schedule.lr": 0.003},
        {"predictor": "ranking", "references": "[lstm]", "compute_seconds": 60},
    ],
)
def test_the_command_gives_the_configuration_again(
    tmp_path: Path, overrides: dict[str, Any]
) -> None:
    run = load(write_run(tmp_path, "random_ranking_small", 7, 1, **overrides))
    assert run.follow_up is not None
    words = run.follow_up.search_again().split(" ", 3)[3].replace("'", "").split(" ")
    again = dict(word.split("=", 1) for word in words)
    search, seed = again.pop("search"), int(again.pop("seed"))
    again.pop("cell_space")
    assert identity(configuration(search, seed, **again)) == run.info.config


def test_the_best_cell_is_held_against_its_references_at_equal_parameters(
    runs: list[Run],
) -> None:
    run = runs[0]
    assert run.best is not None
    assert run.follow_up is not None
    command = run.follow_up.train_at_equal_size(run.best)
    assert command is not None
    _, _, module, *words = shlex.split(command)
    assert module == "archsearch.train"
    assert {f"cell={run.folder},zoo/rnn,zoo/lstm,zoo/gru", "seed=102,103,104"} < set(words)
    assert f"match_parameters={run.best.num_params}" in words
    assert replace(run.follow_up, references=()).train_at_equal_size(run.best) is None


def test_a_table_is_no_program_of_a_spreadsheet() -> None:
    made = table("t", "", ("=A1", "n"), [("=1+1", -1.5), ("@x", None), ("-2", 3), ("a,b\n", 4)])
    rows = list(csv.reader(io.StringIO(to_csv(made))))
    assert rows == [["'=A1", "n"], ["'=1+1", "-1.5"], ["'@x", ""], ["'-2", "3"], ["a,b\n", "4"]]


def test_durations_read_as_durations_and_are_full_figures_for_programs() -> None:
    assert [*map(text, map(Seconds, (4.4748, 59.96, 760.0, 11100.0)))] == [
        "4.5 s", "1:00", "12:40", "3:05:00",
    ]  # fmt: skip
    made = table("t", "", ("cell", "time"), [("a", Seconds(4.4748))])
    assert to_csv(made) == "cell,time [s]\na,4.4748\n"


def test_the_page_is_whole_and_asks_for_nothing(files: dict[str, bytes]) -> None:
    page = Page(files[PAGE].decode())
    anchors = page.values("id")
    assert len(anchors) == len(set(anchors))
    links = page.values("href")
    assert {link[1:] for link in links} <= set(anchors)
    assert any("-trial-" in link for link in links)
    assert all(source.startswith("data:image/svg+xml;base64,") for source in page.values("src"))
    assert all(page.values("alt"))
    tags = {tag for tag, _ in page.tags}
    assert {"header", "nav", "main", "footer", "table", "caption", "th", "details"} <= tags
    assert not tags & {"script", "link", "iframe", "object", "foreignobject"}
    assert all(name.split("/")[0] in (PAGE, "figures", "tables") for name in files)
    for name in ("best_against_trials", "setting-1-species", "setting-1-over_random"):
        ElementTree.fromstring(files[f"figures/{name}.svg"])
        assert files[f"figures/{name}.png"].startswith(b"\x89PNG")
    trees = [name for name in files if name.endswith("-family.svg")]
    assert trees
    assert all(ElementTree.fromstring(files[name]).findall(".//{*}a") for name in trees)
    assert b"setting,seeds,trials,best perplexity" in files["tables/settings.csv"]


def test_the_same_run_gives_the_same_bytes(runs: list[Run], files: dict[str, bytes]) -> None:
    (comparison,) = compare(runs)
    for chart in charts_of(comparison.settings[2].best_run, "setting-3"):
        assert files[f"figures/{chart.name}.svg"] == chart.svg
        assert files[f"figures/{chart.name}.png"] == chart.png


HOSTILE = '=x<script>alert(1)</script>&"$\\frac{1}$"];a->b\x07'


def test_hostile_texts_come_out_as_texts(tmp_path: Path) -> None:
    cfg = configuration("gp_neat_small", 1, trials=8)
    trials = trials_of("gp_neat_small", 1, 8)
    for i, trial in enumerate(trials[3:], 3):
        origin = Origin(HOSTILE, trial.candidate.origin.parents, {"mutations": [HOSTILE]})
        candidate = replace(
            trial.candidate, origin=origin, hyperparameters={HOSTILE: 0.5}, architecture=zoo["gru"]
        )
        trials[i] = replace(trial, candidate=candidate)
        if i % 2:
            trials[i] = Trial.failed(candidate, Status.CRASHED, 1, HOSTILE, 1.0)
    folder = write_trials(tmp_path, "gp_neat_small", cfg, trials)
    run = load(folder)
    config = {**run.config, "search": {**run.config["search"], "mode": HOSTILE}}
    beginning = run.info.beginning
    beginning = replace(beginning, metric=Metric(HOSTILE, True))
    new = replace(run, config=config, info=replace(run.info, beginning=beginning))
    named = {group: {**config[group], "name": HOSTILE} for group in ("task", "budget")}
    old = replace(run, config={**config, **named}, info=replace(run.info, beginning=None))
    written = files_of(build_report([new, old], []))
    page = Page(written[PAGE].decode())
    assert "script" not in {tag for tag, _ in page.tags}
    assert not [attribute for _, attrs in page.tags for attribute in attrs if attribute[:2] == "on"]
    assert b"&lt;script&gt;" in written[PAGE]
    for name, content in written.items():
        assert re.fullmatch(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?", name)
        if name.endswith(".csv"):
            rows = csv.reader(io.StringIO(content.decode()))
            assert not [value for row in rows for value in row if value.startswith(("=", "@"))]
        elif name.endswith(".svg"):
            assert ElementTree.fromstring(content).find(".//script") is None


def test_a_report_replaces_its_own_files_and_no_others(tmp_path: Path) -> None:
    out = tmp_path / "report"
    write_folder(out, {PAGE: b"first", "tables/a.csv": b"a", "tables/b.csv": b"b"})
    (out / "notes.txt").write_text("mine")
    (out / "tables" / "b.csv").write_text("changed by hand")
    write_folder(out, {PAGE: b"second", "tables/c.csv": b"c"})
    found = {str(f.relative_to(out)): f.read_text() for f in out.rglob("*") if f.is_file()}
    listed = found.pop(LIST)
    assert "a.csv" not in listed
    assert found == {
        PAGE: "second",
        "notes.txt": "mine",
        "tables/b.csv": "changed by hand",
        "tables/c.csv": "c",
    }
    for name in ("tables/b.csv", "notes.txt"):
        with pytest.raises(ConfigError, match="changed otherwise"):
            write_folder(out, {PAGE: b"third", name: b"new"})
    assert (out / PAGE).read_text() == "second"


def test_an_interrupted_report_is_taken_up(tmp_path: Path, monkeypatch: Any) -> None:
    write_folder(tmp_path, {PAGE: b"first", "a": b"first"})
    replace_file = Path.replace

    def fails(self: Path, target: Path) -> Path:
        if target.name == "a":
            raise OSError("disk full")
        return replace_file(self, target)

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(OSError, match="disk full"):
        write_folder(tmp_path, {PAGE: b"second", "a": b"second"})
    monkeypatch.undo()
    write_folder(tmp_path, {PAGE: b"third", "a": b"third"})
    assert (tmp_path / "a").read_text() == (tmp_path / PAGE).read_text() == "third"


def test_a_list_from_elsewhere_cannot_delete_files(tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / LIST).write_text('{"../precious": ["00"]}')
    with pytest.raises(ConfigError, match="list of an earlier report"):
        write_folder(tmp_path / "report", {})


def test_a_run_that_is_given_twice_is_one_run(folders: list[Path], tmp_path: Path) -> None:
    once, twice = tmp_path / "once", tmp_path / "twice"
    write_report(folders[:2], once)
    write_report([folders[0], folders[0] / ".", *folders[:2]], twice)
    assert (once / PAGE).read_bytes() == (twice / PAGE).read_bytes()


def test_what_is_no_run_is_left_out_and_named(
    folders: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty, absent, file = tmp_path / "empty", tmp_path / "absent", tmp_path / "multirun.yaml"
    empty.mkdir()
    file.touch()
    cfg = configuration("random", 1, trials=4)
    begun = write_trials(tmp_path / "outputs", "random", cfg, [])
    reasons = {
        empty: "neither a search nor a training that has ended",
        file: "a file, and no run",
        absent: "no such directory",
        begun: "no trial has finished yet",
        begun.parent: f"holds runs and is none; give {begun.parent}/*",
    }
    for folder, reason in reasons.items():
        with pytest.raises(ValueError, match="with results, such as outputs/<run>") as refused:
            write_report([folder], tmp_path / "report")
        assert f"{folder}: {reason}" in str(refused.value)
    assert not (tmp_path / "report").exists()
    write_report([folders[2], *reasons], tmp_path / "report")
    captured = capsys.readouterr()
    assert set(captured.err.splitlines()) == {f"left out: {f}: {r}" for f, r in reasons.items()}
    assert str(tmp_path / "report" / PAGE) in captured.out


@pytest.mark.parametrize("make", [lambda t: [], lambda t: t[:3]], ids=["failed", "references"])
def test_runs_that_hardly_began_have_a_page(
    tmp_path: Path, make: Callable[[list[Trial]], list[Trial]]
) -> None:
    cfg = configuration("gp_neat_small", 1, trials=8)
    trials = make(trials_of("gp_neat_small", 1, 8)) or [
        Trial.failed(t.candidate, Status.TIMEOUT, 1, "too slow", 1.0)
        for t in trials_of("gp_neat_small", 1, 8)
    ]
    run = load(write_trials(tmp_path, "gp_neat_small", cfg, trials))
    assert files_of(build_report([run], []))[PAGE]


needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Debian's chromium: apt-get install chromium"
)


@needs_chromium
def test_the_page_opens_in_a_browser(files: dict[str, bytes], tmp_path: Path) -> None:
    write_folder(tmp_path / "report", files)
    look_at(tmp_path / "report" / PAGE, tmp_path)


@needs_chromium
@pytest.mark.slow
def test_the_page_of_a_real_comparison_opens_in_a_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three strategies under two seeds, searched by the command of the sweep; then the report's."""
    monkeypatch.chdir(tmp_path)
    small = ("seed=1,2", "trials=12", "budget=smoke", "executor=serial", "logger=none")
    sweep = ("-m", "+sweeps=compare_strategies", "search=random,gp_neat_small,local", *small)
    for module, *arguments in (("archsearch", *sweep), ("archsearch.report", "outputs/xml-*")):
        words = [
            word for each in arguments for word in sorted(map(str, Path().glob(each))) or [each]
        ]
        subprocess.run([sys.executable, "-m", module, *words], check=True, capture_output=True)
    text = (tmp_path / "report" / PAGE).read_text()
    assert "6 searches side by side" in text
    for search in ("random", "gp_neat_small", "local"):
        assert f"{search} on gp_tree" in text
    assert "2 seeds" in text
    look_at(tmp_path / "report" / PAGE, tmp_path)


def look_at(file: Path, folder: Path) -> None:
    """Open the page wide and narrow, press every key's way through it, and leave pictures of it in
    the folder."""
    with browser(folder / "profile") as page:
        for width in (1280, 390):
            page.open(file, width)
            complaints = [e for e in page.events if e["method"] in ("Log.entryAdded",
                          "Runtime.exceptionThrown", "Runtime.consoleAPICalled")]  # fmt: skip
            assert not complaints
            requests = [
                event["params"]["request"]["url"]
                for event in page.events
                if event["method"] == "Network.requestWillBeSent"
            ]
            assert [url for url in requests if not url.startswith("data:")] == [file.as_uri()]
            assert page.evaluate("[...document.images].every(i => i.naturalWidth > 0)")
            (folder / f"page-{width}.png").write_bytes(page.screenshot())
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            wide = "document.documentElement.scrollWidth <= window.innerWidth"
            assert page.evaluate(wide), "the page itself scrolls sideways"
            cells = "[...document.querySelectorAll('tr.below div')]"
            seen = "getBoundingClientRect().right <= window.innerWidth"
            assert page.evaluate(f"{cells}.every(e => e.{seen})"), "cells lie off the screen"
            cut = "[...document.querySelectorAll('h1, h2, h3, p, li, summary, caption span')]"
            assert page.evaluate(f"{cut}.every(e => e.scrollWidth <= e.clientWidth + 1)")
        count = page.evaluate("document.querySelectorAll('a[href], summary, [tabindex]').length")
        page.evaluate("window.met = new Set(); addEventListener('focusin', e => met.add(e.target))")
        for _ in range(count):
            page.press_tab()
        every = "[...document.querySelectorAll('a[href], summary, [tabindex]')]"
        assert page.evaluate(f"{every}.filter(e => !met.has(e)).length") == 0


@pytest.mark.slow
def test_twenty_runs_of_two_thousand_trials_in_twenty_seconds_and_ten_megabytes(
    tmp_path: Path,
) -> None:
    searches = ("gp_neat_small", "random", "nas_controller_small", "random_ranking_small")
    folders = [write_run(tmp_path, name, seed, 2000) for name in searches for seed in range(5)]
    start = time.process_time()
    write_report(folders, tmp_path / "report")
    seconds = time.process_time() - start
    size = sum(file.stat().st_size for file in (tmp_path / "report").rglob("*") if file.is_file())
    print(f"{seconds:.1f} s of one core, {size / 1e6:.1f} MB")  # noqa: T201
    assert seconds < 20
    assert size < 10e6


@pytest.mark.slow
def test_two_trained_cells_are_drawn_reading_the_same_text(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("lstm", "gru")]
    for folder in folders:
        subprocess.run(
            [sys.executable, "-m", "archsearch.train", f"cell=zoo/{folder.name}", "task=xml",
             "budget=smoke", "match_parameters=20k", f"hydra.run.dir={folder}"],
            check=True, capture_output=True,
        )  # fmt: skip
    write_report(folders, tmp_path / "report")
    assert (tmp_path / "report" / "figures" / "trainings-1-traces.svg").is_file()
    text = (tmp_path / "report" / "tables" / "trainings.csv").read_text()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["cell"] for row in rows} == {"lstm", "gru"}
    sizes = [int(row["parameters"]) for row in rows]
    assert max(sizes) < 1.1 * min(sizes)
