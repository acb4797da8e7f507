"""Texts as numbers: words, the pieces of words, and how often each text has which."""

import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.errors import WrongType

# Names in code are several words: HTTPServer2, max_line_length.
_WORD = re.compile(r"[A-Z]+(?![^\W\d_A-Z])|[^\W\d_]?[^\W\d_A-Z]+|\d+")

SHORTEST_PIECE = 4
LONGEST_PIECE = 5
LONGEST_WORD = 40


class Tokens(NamedTuple):
    """The words of texts, in order.

    Attributes
    ----------
    words:
        int64 (tokens,), numbers into `vocabulary`.
    offsets:
        int64 (n + 1,), where the tokens of each text start.
    vocabulary:
        The distinct words, in order of first appearance.
    """

    words: NDArray[np.int64]
    offsets: NDArray[np.int64]
    vocabulary: list[str]


class Bags(NamedTuple):
    """How often each text has each word, in compressed rows.

    Attributes
    ----------
    words:
        int64 (pairs,), ascending within a text.
    counts:
        float32 (pairs,).
    offsets:
        int64 (n + 1,).
    """

    words: NDArray[np.int64]
    counts: NDArray[np.float32]
    offsets: NDArray[np.int64]


def tokenize(texts: Iterable[str]) -> Tokens:
    """Cut texts into lower-case words; names of code are cut at underscores, digits and capitals.

    Parameters
    ----------
    texts:
        One string a text.

    Returns
    -------
    Tokens

    Raises
    ------
    WrongType
        Something that is no string.

    Examples
    --------
    >>> from lilliput.learn.tokens import tokenize
    >>> tokenize(["maxLine_length 80"]).vocabulary
    ['max', 'line', 'length', '80']
    """
    raw: defaultdict[str, int] = defaultdict(count().__next__)
    words: list[NDArray[np.int64]] = []
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise WrongType(f"Text {row} is of type {type(text).__name__}; wanted a string.")
        words.append(np.array(list(map(raw.__getitem__, _WORD.findall(text))), dtype=np.int64))
    # Lower case is for each distinct word, which is far less work than for each token.
    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    lower = np.array([numbers[word.lower()] for word in raw], dtype=np.int64)
    offsets = np.zeros(len(words) + 1, dtype=np.int64)
    np.cumsum([len(part) for part in words], out=offsets[1:])
    return Tokens(lower[np.concatenate([np.empty(0, np.int64), *words])], offsets, list(numbers))


def bags(words: NDArray[np.int64], offsets: NDArray[np.int64], size: int) -> Bags:
    """Count the words of each text.

    Parameters
    ----------
    words, offsets:
        As in `Tokens`.
    size:
        One more than the largest number a word can have.

    Returns
    -------
    Bags
    """
    texts = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    pairs, counts = np.unique(texts * size + words, return_counts=True)
    starts = np.searchsorted(pairs, np.arange(len(offsets)) * size)
    return Bags(pairs % size, counts.astype(np.float32), starts.astype(np.int64))


def buckets_of(words: Sequence[str], size: int) -> NDArray[np.int64]:
    """Hash words into buckets, the same ones on every machine.

    Parameters
    ----------
    words:
        The words.
    size:
        How many buckets there are.

    Returns
    -------
    int64 (words,)
    """
    return np.array([zlib.crc32(word.encode("utf-8", "replace")) % size for word in words], dtype=np.int64)


def pieces_of(words: Sequence[str], size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Hash the runs of 4 and 5 bytes of each word, its ends marked, into buckets.

    Words of one stem share pieces; so does a misspelt word with the right one. After Bojanowski, Grave,
    Joulin and Mikolov, "Enriching word vectors with subword information", TACL 2017.

    Parameters
    ----------
    words:
        The words; of a long one, the first 40 letters count.
    size:
        How many buckets there are.

    Returns
    -------
    (int64 (pieces,), int64 (words + 1,))
        Buckets, and where those of each word start.
    """
    found: list[int] = []
    offsets = np.zeros(len(words) + 1, dtype=np.int64)
    for row, word in enumerate(words):
        marked = b"<" + word[:LONGEST_WORD].encode("utf-8", "replace") + b">"
        for length in range(min(SHORTEST_PIECE, len(marked)), LONGEST_PIECE + 1):
            found.extend(
                zlib.crc32(marked[at : at + length]) % size for at in range(len(marked) - length + 1)
            )
        offsets[row + 1] = len(found)
    return np.array(found, dtype=np.int64), offsets
