"""Texts where vectors are wanted: with `--encoder MODEL`, what holds texts is encoded on its way in."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from lilliput.cli.options import Command, Progress
from lilliput.cli.qrels import Judgments, read_qrels
from lilliput.errors import Cancelled
from lilliput.io.beir import QRELS, QUERIES
from lilliput.io.texts import FIELD, Texts, holds_texts, read_texts
from lilliput.io.trec import numbered
from lilliput.io.trec import read_qrels as read_by_id

if TYPE_CHECKING:
    from lilliput.learn import Encoder
    from lilliput.learn.sentence_model import Kind

_OPTIONS = (
    click.option(
        "--encoder",
        metavar="MODEL",
        help="Take texts (.txt, .jsonl, .csv, .tsv, or a folder in the form of BEIR) and encode them by this "
        "model of sentence-transformers: a folder, or a name such as all-MiniLM-L6-v2.",
    ),
    click.option("--field", default=FIELD, show_default=True, help="The field or column of the texts."),
    click.option("--cache", help="The folder to keep what was encoded. Default: LILLIPUT_CACHE or ~/.cache."),
)


class Asked(NamedTuple):
    """Queries or their path, the grades of judged rows by query, and what queries say; None where unknown."""

    queries: Any
    grades: Judgments | None
    texts: Sequence[str] | None


class Reading:
    """How a verb reads what it is given: vectors as they are, texts through an encoder.

    Parameters
    ----------
    encoder, field, cache:
        As the options of these names; without an encoder everything is vectors.
    """

    def __init__(self, encoder: str | None, field: str = FIELD, cache: str | None = None) -> None:
        self.model = encoder
        self._field = field
        self._cache = cache
        self._read: dict[str, Texts] = {}

    @functools.cached_property
    def encoder(self) -> "Encoder":
        """The encoder; only to be asked for where there is one."""
        from lilliput.learn import Encoder

        return Encoder(self.model or "", cache=self._cache)

    def holds_texts(self, argument: str | None) -> bool:
        """Say whether an argument names texts to encode."""
        return self.model is not None and argument is not None and holds_texts(argument)

    def texts(self, path: str) -> Texts:
        """Read a file of texts, once."""
        if path not in self._read:
            self._read[path] = read_texts(path, field=self._field)
        return self._read[path]

    def vectors(self, argument: str, kind: "Kind", progress: Progress) -> Any:
        """Give what the library takes: the path of vectors, or the vectors of texts."""
        if not self.holds_texts(argument):
            if self.model is None and holds_texts(argument) and not opens_as_vectors(argument):
                raise click.UsageError(f"{argument} holds texts; name the --encoder that makes them vectors.")
            return argument
        return self.encode(self.texts(argument).texts, kind, progress)

    def encode(self, texts: Sequence[str], kind: "Kind", progress: Progress) -> Any:
        """Encode texts; whoever interrupts is told that nothing is lost."""
        try:
            return self.encoder.encode(texts, progress, kind=kind)
        except (KeyboardInterrupt, Cancelled):
            click.echo("Note: what was encoded is kept; the same command goes on from there.", err=True)
            raise

    def asked(self, corpus: str, queries: str | None, qrels: str | None, progress: Progress) -> Asked:
        """Give queries, judgments, and the texts of the queries.

        A folder in the form of BEIR brings its own, where none are named; of these queries, those that
        somebody judged are taken.

        Parameters
        ----------
        corpus:
            What the rows are made of.
        queries, qrels:
            Files, or None.
        progress:
            Of the encoding.

        Returns
        -------
        Asked
            Where there are no queries, rows play them: then the texts are those of the rows.
        """
        own = queries is None and self.holds_texts(corpus) and (Path(corpus) / QUERIES).is_file()
        if own:
            queries = str(Path(corpus) / QUERIES)
            beside = Path(corpus) / QRELS / "test.tsv"
            qrels = str(beside) if qrels is None and beside.is_file() else qrels
        grades = None if qrels is None else self._judgments(corpus, queries, qrels)
        if queries is None or not self.holds_texts(queries):
            rows = self.texts(corpus).texts if queries is None and self.holds_texts(corpus) else None
            return Asked(queries, grades, rows)
        texts = self.texts(queries).texts
        if own and grades is not None:
            kept = [
                number for number, found in enumerate(grades) if any(grade > 0 for grade in found.values())
            ]
            texts, grades = [texts[number] for number in kept], [grades[number] for number in kept]
        return Asked(self.encode(texts, "query", progress), grades, texts)

    def _judgments(self, corpus: str, queries: str | None, qrels: str) -> Judgments:
        """Read judgments: by id where both sides are texts, else by number."""
        if queries is None or not (self.holds_texts(corpus) and self.holds_texts(queries)):
            return read_qrels(qrels)
        return numbered(read_by_id(qrels), self.texts(queries).ids, self.texts(corpus).ids)


def opens_as_vectors(path: str) -> bool:
    """Say whether a path could be one of vectors, by its looks, or is not there at all."""
    from lilliput.io.formats import FORMATS

    return Path(path).suffix.lower() in FORMATS or not Path(path).exists()


def options(command: Command) -> Command:
    """Add --encoder, --field and --cache, which reach the command as one `reading`."""

    @functools.wraps(command)
    def with_reading(*args: Any, encoder: str | None, field: str, cache: str | None, **more: Any) -> Any:
        return command(*args, reading=Reading(encoder, field, cache), **more)

    for option in reversed(_OPTIONS):
        with_reading = option(with_reading)
    return with_reading  # type: ignore[return-value]
