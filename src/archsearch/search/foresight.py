"""What so many trials are to a strategy, in words, for those who plan a run or begin one."""

from archsearch.search.protocol import Round, Strategy


def foresight(strategy: Strategy, trials: int, window: int) -> list[str]:
    """A line for each round, such as "40 trials are 4 generations of 10", and one where the window
    keeps all results from a strategy that learns."""
    lines = [(_once if each.once else _repeated)(each, trials) for each in strategy.rounds()]
    if strategy.learns and 1 < trials <= window:
        lines.append(
            f"trials={trials} and window={window}: all candidates are proposed before the first "
            "result, unless the strategy waits; window=1 lets it learn from each"
        )
    return lines


def _repeated(each: Round, trials: int) -> str:
    count = trials / each.trials
    name = each.name if count == 1 else f"{each.name}s"
    most, more = ("at most ", " or more") if each.or_more else ("", "")
    line = f"{trials} trials are {most}{_count_text(count)} {name} of {each.trials}{more}"
    if count < 1:
        line += f": the search never gets beyond its first {each.name}, and {each.until}"
    return line


def _once(each: Round, trials: int) -> str:
    more = " or more" if each.or_more else ""
    if trials > each.trials:
        return f"{each.name} takes the first {each.trials}{more} of {trials} trials"
    return f"{each.name} takes {each.trials}{more} trials, and there are {trials}: {each.until}"


def _count_text(count: float) -> str:
    """4, 3.1, 0.4, 0.013."""
    return f"{count:.2g}" if count < 10 else f"{count:.0f}"
