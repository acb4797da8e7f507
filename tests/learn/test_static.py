"""The static text embedder: shapes, repeatability, and what it understands."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilliput.errors import Cancelled, DatasetMissing, InvalidInput, NotFitted, WrongType
from lilliput.evaluate import exact_neighbours, known_items, load, mrr_at_k, ndcg_at_k, passages
from lilliput.learn import StaticEmbedder

TOPICS = {
    "sea": ("ship", "sail", "harbour", "captain", "wave", "anchor", "sailor", "storm", "deck", "mast"),
    "kitchen": ("oven", "bread", "flour", "butter", "recipe", "spoon", "baker", "dough", "pan", "salt"),
    "code": (
        "compiler",
        "loop",
        "variable",
        "function",
        "pointer",
        "bug",
        "parser",
        "stack",
        "byte",
        "thread",
    ),
}


def topical(count: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """Texts of eight words of one topic among common ones, and their topics."""
    rng = np.random.default_rng(seed)
    topics = rng.choice(list(TOPICS), count).tolist()
    common = ("the", "of", "and", "with", "some")
    texts = [" ".join([*rng.choice(TOPICS[topic], 8), *rng.choice(common, 6)]) for topic in topics]
    return texts, topics


def fitted(texts: list[str], dim: int = 16, seed: int = 0) -> StaticEmbedder:
    """An embedder that knows the texts."""
    return StaticEmbedder(dim, seed=seed).fit(texts, progress=False)


def test_vectors_have_length_one() -> None:
    """Float32, a row a text."""
    texts, _ = topical(300)

    actual = fitted(texts).encode(texts, progress=False)

    assert ((300, 16), np.float32) == (actual.shape, actual.dtype)
    np.testing.assert_allclose(1, np.linalg.norm(actual, axis=1), atol=1e-5)


def test_texts_of_one_topic_are_near() -> None:
    """The nearest text, which shares few words, is of the same topic for nine in ten."""
    texts, topics = topical(400)
    vectors = fitted(texts).encode(texts, progress=False)
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -1)

    same = [topics[row] == topics[near] for row, near in enumerate(scores.argmax(axis=1))]

    assert np.mean(same) >= 0.9


def test_words_never_seen_are_placed_by_their_pieces() -> None:
    """Misspelt and inflected words land in their topic."""
    texts, _ = topical(400)
    embedder = fitted(texts)
    centres = embedder.encode([" ".join(topic) for topic in TOPICS.values()], progress=False)

    asked = embedder.encode(["sailorr harbours", "butters recipes", "compilers functoin"], progress=False)

    np.testing.assert_array_equal([0, 1, 2], (asked @ centres.T).argmax(axis=1))


def test_equal_seeds_give_equal_vectors() -> None:
    """Fitting twice changes nothing; another seed does."""
    texts, _ = topical(200)
    first, again, other = (fitted(texts, seed=seed).encode(texts, progress=False) for seed in (1, 1, 2))

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_text_is_embedded_alike_in_any_company() -> None:
    """Alone, in a list, from an iterator."""
    texts, _ = topical(50)
    embedder = fitted(texts)
    together = embedder.encode(texts, progress=False)

    alone = np.concatenate([embedder.encode([text], progress=False) for text in texts])

    np.testing.assert_allclose(together, alone, atol=1e-6)
    np.testing.assert_array_equal(together, embedder.encode(iter(texts), progress=False))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=8))
def test_any_text_has_a_vector(texts: list[str]) -> None:
    """Of length 1, or 0 where nothing is known of it; never NaN."""
    embedder = fitted(["some plain words", "some other words"], dim=4)

    actual = embedder.encode(texts, progress=False)

    assert (len(texts), 4) == actual.shape
    lengths = np.linalg.norm(actual, axis=1)
    assert np.all((lengths == 0) | (np.abs(lengths - 1) < 1e-5))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(alphabet="ab _é0", max_size=12), min_size=1, max_size=8), st.integers(1, 12))
def test_any_texts_can_be_fitted(texts: list[str], dim: int) -> None:
    """However few and alike; without a word the refusal says so."""
    if not any(letter.isalnum() for text in texts for letter in text):
        with pytest.raises(InvalidInput, match="no word"):
            fitted(texts, dim)
        return

    actual = fitted(texts, dim).encode(texts, progress=False)

    assert np.isfinite(actual).all()


def test_empty_texts_are_zero() -> None:
    """Nothing to say, no direction."""
    embedder = fitted(["some plain words", "some other words"], dim=4)

    np.testing.assert_array_equal(np.zeros((2, 4)), embedder.encode(["", " ... "], progress=False))


def test_misuse_is_refused() -> None:
    """Each with a sentence of its own."""
    embedder = StaticEmbedder(4)
    with pytest.raises(InvalidInput, match="dim=0"):
        StaticEmbedder(0)
    with pytest.raises(NotFitted, match="fit"):
        embedder.encode(["text"])
    with pytest.raises(WrongType, match="put it in a list"):
        embedder.fit("text")
    with pytest.raises(WrongType, match="Text 1 is of type int"):
        embedder.fit(["text", 3])  # type: ignore[list-item]
    with pytest.raises(InvalidInput, match="no word"):
        embedder.fit([])


def test_cancelling_leaves_the_embedder_as_it_was() -> None:
    """What was learned before is kept."""
    embedder = fitted(["some plain words", "some other words"], dim=4)
    before = embedder.encode(["plain"], progress=False)

    with pytest.raises(Cancelled):
        embedder.fit(["quite different text"], progress=lambda done, total: done < 2)

    np.testing.assert_array_equal(before, embedder.encode(["plain"], progress=False))


def test_documentation_is_found_by_its_summary() -> None:
    """Among 3,000 passages of the standard library the right one is within the first few."""
    items = known_items(passages(3_000, progress=False), 300)
    embedder = StaticEmbedder().fit(items.texts, progress=False)

    run = exact_neighbours(
        embedder.encode(items.texts, progress=False),
        embedder.encode(items.queries, progress=False),
        10,
        "cosine",
        progress=False,
    )

    assert mrr_at_k(run.ids, items.qrels, 10).mean() > 0.3


def test_judged_passages_are_found() -> None:
    """On Cranfield nDCG@10 is at least 0.30; a large pretrained model reaches 0.38."""
    try:
        data = load("cranfield")
    except DatasetMissing as missing:
        pytest.skip(str(missing))
    assert data.texts is not None
    assert data.query_texts is not None
    assert data.qrels is not None
    embedder = StaticEmbedder().fit(data.texts, progress=False)

    run = exact_neighbours(
        embedder.encode(data.texts, progress=False),
        embedder.encode(data.query_texts, progress=False),
        10,
        "cosine",
        progress=False,
    )

    assert ndcg_at_k(run.ids, data.qrels, 10).mean() >= 0.30
