"""A small text embedder that is fitted on the spot, from the texts themselves."""

from collections.abc import Iterable, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from lilliput.errors import InvalidInput, NotFitted, WrongType
from lilliput.learn.ppmi import FloatArray, factors, nearness, ppmi, weighted_sums
from lilliput.learn.tokens import Tokens, bags, buckets_of, pieces_of, tokenize
from lilliput.progress import ProgressOption, Track

WORD_BUCKETS = 2**16
PIECE_BUCKETS = 2**15
CORE_WORDS = 4_096
WINDOW = 40
THINNED_ABOVE = 3e-4
RARITY = 2e-3
COMMON_SAMPLE = 4_096
TEXTS_AT_ONCE = 16_384


class StaticEmbedder:
    """Turn texts into vectors with nothing but counts of words that stand near each other.

    A demonstration must embed real text without a network or a model. A word's vector says which words it is
    found among: positive pointwise mutual information, factorised (Levy and Goldberg, NIPS 2014). Half of it
    comes from the word's pieces, which also place words never seen (Bojanowski et al., TACL 2017). A text is
    the mean of its words, each weighted by a / (a + frequency), less the direction that all texts share
    (Arora, Liang and Ma, "A simple but tough-to-beat baseline for sentence embeddings", ICLR 2017).

    Parameters
    ----------
    dim:
        Dimensions of a vector.
    seed:
        Equal texts and seeds give equal vectors on one machine.

    Raises
    ------
    InvalidInput
        `dim` below 1.

    Examples
    --------
    >>> from lilliput.learn import StaticEmbedder
    >>> texts = ["open a file", "close the file", "sort a list", "reverse the list"]
    >>> vectors = StaticEmbedder(dim=8).fit(texts, progress=False).encode(["open files"])
    >>> vectors.shape, vectors.dtype.name
    ((1, 8), 'float32')
    """

    def __init__(self, dim: int = 256, *, seed: int = 0) -> None:
        if dim < 1:
            raise InvalidInput(f"dim={dim} was given; a vector has at least 1 dimension.")
        self.dim = dim
        self.seed = seed
        self._fitted: tuple[FloatArray, FloatArray, FloatArray, FloatArray] | None = None

    def fit(self, texts: Iterable[str], progress: ProgressOption = None) -> "StaticEmbedder":
        """Learn word vectors, frequencies and the common direction from texts.

        Parameters
        ----------
        texts:
            The texts; all of them are looked at.
        progress:
            None, False or a callable told ``(steps done, steps)``.

        Returns
        -------
        StaticEmbedder
            Itself.

        Raises
        ------
        InvalidInput
            No text holds a word.
        WrongType
            Something that is no string, or one string instead of several.
        Cancelled
            The progress callback returned False; the embedder is as it was.
        """
        rng = np.random.default_rng(self.seed)
        with Track(progress, 4, "fitting the text embedder") as step:
            tokens = tokenize(_several(texts))
            if not len(tokens.words):
                raise InvalidInput(
                    f"The {len(tokens.offsets) - 1} texts given hold no word; give texts with words."
                )
            step(1)
            buckets = buckets_of(tokens.vocabulary, WORD_BUCKETS)
            counts = np.bincount(buckets[tokens.words], minlength=WORD_BUCKETS)
            learned = self._learned(buckets[tokens.words], tokens.offsets, counts, rng)
            step(2)
            words, pieces = _with_pieces(learned, buckets, tokens.vocabulary)
            frequencies = (np.maximum(counts, 1) / len(tokens.words)).astype(np.float32)
            weights = np.float32(RARITY) / (np.float32(RARITY) + frequencies)
            step(3)
            sums = _sums(_some(tokens, COMMON_SAMPLE, rng), words, pieces, weights)
            common: FloatArray = np.linalg.eigh(sums.T @ sums)[1][:, -1]
            step(4)
        self._fitted = words, pieces, weights, common
        return self

    def encode(self, texts: Iterable[str], progress: ProgressOption = None) -> FloatArray:
        """Embed texts.

        Parameters
        ----------
        texts:
            The texts.
        progress:
            None, False or a callable told ``(texts done, texts)``; the latter is 0 where nobody knows.

        Returns
        -------
        float32 (n, dim)
            Of length 1; 0 for a text of which nothing is known.

        Raises
        ------
        NotFitted
            Before `fit`.
        WrongType
            Something that is no string, or one string instead of several.
        Cancelled
            The progress callback returned False.
        """
        if self._fitted is None:
            raise NotFitted("The embedder has learned no words yet; call fit(texts) first.")
        words, pieces, weights, common = self._fitted
        stream = iter(_several(texts))
        parts = [np.empty((0, self.dim), dtype=np.float32)]
        done = 0
        with Track(progress, len(texts) if isinstance(texts, Sequence) else 0, "embedding texts") as step:
            while batch := list(islice(stream, TEXTS_AT_ONCE)):
                sums = _sums(tokenize(batch), words, pieces, weights)
                sums -= np.outer(sums @ common, common)
                parts.append(_unit(sums))
                done += len(batch)
                step(done)
        return np.concatenate(parts)

    def _learned(
        self,
        words: NDArray[np.int64],
        offsets: NDArray[np.int64],
        counts: NDArray[np.int64],
        rng: np.random.Generator,
    ) -> FloatArray:
        """Factorise what stands near what; the commonest words get the lowest numbers."""
        order = np.argsort(-counts, kind="stable")
        used = int(np.count_nonzero(counts))
        number = np.empty(len(order), dtype=np.int64)
        number[order] = np.arange(len(order))
        # Words that stand near everything say little; leaving most of them out also widens the window.
        kept = rng.random(len(words)) < np.sqrt(THINNED_ABOVE * len(words) / counts[words])
        starts = np.append(0, np.cumsum(kept))[offsets]
        core = min(CORE_WORDS, used)
        near = nearness(number[words[kept]], starts, used, core, WINDOW)
        result = np.zeros((len(order), self.dim), dtype=np.float32)
        result[order[:used]] = _unit(factors(near, ppmi(near), core, self.dim, rng))
        return result


def _several(texts: Iterable[str]) -> Iterable[str]:
    if isinstance(texts, str):
        raise WrongType("One string was given; wanted several texts: put it in a list.")
    return texts


def _with_pieces(
    learned: FloatArray, buckets: NDArray[np.int64], vocabulary: list[str]
) -> tuple[FloatArray, FloatArray]:
    """Make piece vectors from the words that have them, and give each word an equal share of its pieces."""
    pieces, offsets = pieces_of(vocabulary, PIECE_BUCKETS)
    holders = np.repeat(buckets, np.diff(offsets))
    by_piece, by_word = np.argsort(pieces, kind="stable"), np.argsort(holders, kind="stable")
    ones = np.ones(len(pieces), dtype=np.float32)
    starts = np.searchsorted(pieces[by_piece], np.arange(PIECE_BUCKETS + 1))
    table = _unit(weighted_sums(learned, holders[by_piece], ones, starts))
    starts = np.searchsorted(holders[by_word], np.arange(len(learned) + 1))
    return _unit(learned + _unit(weighted_sums(table, pieces[by_word], ones, starts))), table


def _sums(tokens: Tokens, words: FloatArray, pieces: FloatArray, weights: FloatArray) -> FloatArray:
    """Add up the weighted words of each text; a word that `fit` never saw is made of its pieces."""
    buckets = buckets_of(tokens.vocabulary, WORD_BUCKETS)
    vectors = words[buckets]
    unknown = np.flatnonzero(~vectors.any(axis=1))
    found, offsets = pieces_of([tokens.vocabulary[row] for row in unknown], PIECE_BUCKETS)
    vectors[unknown] = _unit(weighted_sums(pieces, found, np.ones(len(found), np.float32), offsets))
    bag = bags(tokens.words, tokens.offsets, len(tokens.vocabulary))
    shares: FloatArray = (1 + np.log(bag.counts)) * weights[buckets[bag.words]]
    return _unit(weighted_sums(vectors, bag.words, shares, bag.offsets))


def _some(tokens: Tokens, count: int, rng: np.random.Generator) -> Tokens:
    """Draw texts at random, so that the common direction costs no second pass over all."""
    texts = len(tokens.offsets) - 1
    if texts <= count:
        return tokens
    rows = np.sort(rng.choice(texts, count, replace=False))
    lengths = np.diff(tokens.offsets)
    kept = np.zeros(texts, dtype=np.bool_)
    kept[rows] = True
    return Tokens(
        tokens.words[np.repeat(kept, lengths)], np.append(0, np.cumsum(lengths[rows])), tokens.vocabulary
    )


def _unit(rows: FloatArray) -> FloatArray:
    lengths = np.sqrt(np.einsum("nd,nd->n", rows, rows))[:, None]
    result: FloatArray = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return result
