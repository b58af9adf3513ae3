"""What a trial's architecture came from."""

from collections.abc import Mapping

from archsearch.archive.records import Trial


def ancestors(trial: Trial, by_number: Mapping[int, Trial]) -> dict[int, Trial]:
    """Parents, their parents and so on by number, the oldest first; the trial itself is none.

    by_number: where they are looked for; one that is not there ends its line.
    """
    found: dict[int, Trial] = {}
    waiting = [trial]
    while waiting:
        for number in waiting.pop().candidate.origin.parents:
            if number in by_number and number not in found:
                found[number] = by_number[number]
                waiting.append(by_number[number])
    return dict(sorted(found.items()))
