"""BLEU of a whole split, as sacrebleu computes it."""

from sacrebleu.metrics.bleu import BLEU


class Bleu:
    """In percent, with one reference a sentence. Post, A Call for Clarity in Reporting BLEU (2018).

    tokenize: a tokeniser of sacrebleu; "none" splits on blanks alone.
    signature: all that a figure depends on, sacrebleu's version included; to be quoted with it.
    """

    def __init__(self, tokenize: str) -> None:
        if tokenize not in BLEU.TOKENIZERS:
            raise ValueError(
                f"task.tokenize: expected {', '.join(sorted(BLEU.TOKENIZERS))}, got {tokenize!r}"
            )
        # force: text that is tokenised already is meant to be compared as it stands.
        self._metric = BLEU(tokenize=tokenize, force=True)
        self(["a"], ["a"])  # the signature names the references, which it learns at first use
        self.signature = str(self._metric.get_signature())

    def __call__(self, translations: list[str], references: list[str]) -> float:
        return float(self._metric.corpus_score(translations, [references]).score)
