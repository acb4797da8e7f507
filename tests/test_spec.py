"""The one-line language: what parses, what it prints, what it says of a mistake."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilliput.errors import InvalidSpec, WrongType
from lilliput.spec import CodecSpec, IndexSpec, Stage, parse_codec, parse_index

STAGES = (
    "pca",
    "mrl",
    "rotate",
    "f32",
    "f16",
    "f8",
    "int8",
    "bin",
    "pq",
    "opq",
    "rq",
    "lvq",
    "leanvec",
    "jl",
    "res",
)
STRUCTURES = ("flat", "ivf", "graph")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("int8", [Stage("int8")]),
        ("f8", [Stage("f8")]),
        ("pca192,f8", [Stage("pca", (192,)), Stage("f8")]),
        ("opq48", [Stage("opq", (48,))]),
        ("pq48x4", [Stage("pq", (48, 4))]),
        ("rq8", [Stage("rq", (8,))]),
        ("lvq4x8", [Stage("lvq", (4, 8))]),
        ("mrl256,bin", [Stage("mrl", (256,)), Stage("bin")]),
        ("pca(keep=0.99),int8", [Stage("pca", (), (("keep", "0.99"),)), Stage("int8")]),
        (" pca 192 ".replace(" 1", "1"), [Stage("pca", (192,))]),
        ("pq48x4( a = 1 , b=x-y )", [Stage("pq", (48, 4), (("a", "1"), ("b", "x-y")))]),
    ],
)
def test_a_codec_parses(text: str, expected: list[Stage]) -> None:
    """Names, numbers and options of the forms in the design."""
    actual = parse_codec(text, STAGES)

    assert CodecSpec(tuple(expected)) == actual


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("flat", "flat"),
        ("flat|int8", "flat | int8"),
        ("flat | leanvec160 , lvq8|f16", "flat | leanvec160,lvq8 | f16"),
        ("ivf4096|pq48x4|f16", "ivf4096 | pq48x4 | f16"),
        ("graph32(codes=edges)|int8|f16", "graph32(codes=edges) | int8 | f16"),
        ("graph032", "graph32"),
    ],
)
def test_an_index_prints_its_canonical_form(text: str, expected: str) -> None:
    """One space around each bar and none beside commas."""
    actual = str(parse_index(text, STRUCTURES, STAGES))

    assert expected == actual


def test_the_longest_registered_name_wins() -> None:
    """A shorter name does not take the digits of a longer one."""
    expected = (Stage("f16"), Stage("f", (8,)), Stage("pqx", (2,)), Stage("pq", (2, 3)))

    actual = parse_codec("f16,f8,pqx2,pq2x3", ("f", "f16", "pq", "pqx")).stages

    assert expected == actual


stages = st.builds(
    Stage,
    st.sampled_from([name for name in STAGES if not name[-1].isdigit()]),
    st.lists(st.integers(0, 999_999_999), max_size=2).map(tuple),
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True),
        st.from_regex(r"[A-Za-z0-9_.+-]{1,8}", fullmatch=True),
        max_size=3,
    ).map(lambda options: tuple(options.items())),
) | st.builds(Stage, st.sampled_from([name for name in STAGES if name[-1].isdigit()]))
codecs = st.builds(CodecSpec, st.lists(stages, min_size=1, max_size=4).map(tuple))
structures = st.builds(
    Stage, st.sampled_from(STRUCTURES), st.lists(st.integers(0, 99), max_size=1).map(tuple)
)
indexes = st.builds(IndexSpec, structures, st.lists(codecs, max_size=2).map(tuple))


@given(indexes)
def test_what_is_printed_parses_to_the_same(spec: IndexSpec) -> None:
    """parse(str(spec)) == spec, and str is a fixed point."""
    actual = parse_index(str(spec), STRUCTURES, STAGES)

    assert spec == actual
    assert str(spec) == str(actual)


@given(st.text(alphabet="pcaint8fx0192,|()=. é٣\n\0", max_size=40) | st.text(max_size=40))
def test_any_text_parses_or_is_refused_in_words(text: str) -> None:
    """No text escapes the error tree, and what parses is a fixed point."""
    try:
        spec = parse_index(text, (*STRUCTURES, "f"), STAGES)
    except InvalidSpec:
        return

    assert spec == parse_index(str(spec), (*STRUCTURES, "f"), STAGES)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ",int8",
        "int8,",
        "pca192,,int8",
        "int80",
        "f16x2",
        "pq48x",
        "pqx4",
        "pq48x4x2",
        "pq-4",
        "pq4.5",
        "pq99999999999999999999",
        "pq٤٨",
        "PQ48",
        "pq 48",
        "pca(keep)",
        "pca(keep=)",
        "pca(=1)",
        "pca()",
        "pca(keep=1",
        "pca keep=1)",
        "pca((keep=1))",
        "pca(keep=1)8",
        "pca(keep=1,keep=2)",
        "pca(keep=a b)",
        "pca)(",
        "pca(Keep=1)",
        "int8;f16",
        "int8 f16",
        "int8\0",
        "a" * 2000,
        "(" * 900,
    ],
)
def test_a_codec_that_does_not_parse_is_refused(text: str) -> None:
    """Each gives InvalidSpec with a sentence."""
    with pytest.raises(InvalidSpec, match=r"[a-z].*[.]$"):
        parse_codec(text, STAGES)


@pytest.mark.parametrize(
    "text",
    ["", "|int8", "flat|", "flat|int8|", "flat|int8|f16|f16", "flat,int8", "int8", "flat int8", "ivf|ivf"],
)
def test_an_index_that_does_not_parse_is_refused(text: str) -> None:
    """Each gives InvalidSpec with a sentence."""
    with pytest.raises(InvalidSpec, match=r"[a-z].*[.]$"):
        parse_index(text, STRUCTURES, STAGES)


def test_a_bar_in_a_codec_is_refused() -> None:
    """A codec is no index."""
    with pytest.raises(InvalidSpec, match="an index"):
        parse_codec("pca8|int8", STAGES)


@pytest.mark.parametrize(
    ("text", "near"),
    [("imt8", "int8"), ("pac192", "pca"), ("INT8", "int8"), ("rotat", "rotate"), ("opk48", "opq")],
)
def test_a_misspelt_name_lists_the_nearest(text: str, near: str) -> None:
    """The message asks whether the nearest was meant, and lists what there is."""
    with pytest.raises(InvalidSpec, match=rf"did you mean .*\b{near}\b.*The names here are bin, f16, f32"):
        parse_codec(text, STAGES)


def test_a_misspelt_structure_lists_structures() -> None:
    """Codecs are not offered where a structure belongs."""
    with pytest.raises(InvalidSpec, match=r"did you mean flat\? The names here are flat, graph, ivf\.$"):
        parse_index("flatt | int8", STRUCTURES, STAGES)


def test_a_spec_that_is_no_text_is_a_wrong_type() -> None:
    """A number, say."""
    with pytest.raises(WrongType, match="int"):
        parse_codec(8, STAGES)  # type: ignore[arg-type]
