"""`lilliput compress`: vectors in, one file of codes out."""

import os

import click

from lilliput.cli import options, output
from lilliput.cli.verb import Verb

EXAMPLES = [
    "lilliput compress vectors.npy --spec pca192,int8 --out codes.safetensors",
    "lilliput compress vectors.npy --spec leanvec192,int8 --queries queries.npy --out codes.safetensors",
]


@click.command("compress", cls=Verb, examples=EXAMPLES)
@click.argument("vectors")
@click.option("--spec", required=True, help='The codec, such as "int8" or "pca192,int8".')
@click.option("--queries", help="A file of real queries, for stages that learn from such, as leanvec does.")
@click.option("--out", required=True, help="The file of codes to write.")
@options.metric
@options.seed
@options.common
def command(
    vectors: str,
    spec: str,
    queries: str | None,
    out: str,
    metric: str,
    seed: int,
    as_json: bool,
    progress: options.Progress,
) -> None:
    """Train a codec on VECTORS and write their codes.

    VECTORS is a file of any format that `lilliput convert` reads. It is read twice, block by block, and
    never held whole. The file of codes holds the codec too, so `lilliput decode` needs nothing else.
    """
    import lilliput as lp

    codec = lp.Codec(spec, metric=metric, seed=seed).fit(vectors, queries=queries, progress=progress)
    codes = codec.encode(vectors, out=out, progress=progress)
    report = {
        "spec": codec.spec,
        "metric": metric,
        "rows": len(codes),
        "dim": codec.dim,
        "bytes_per_vector": codec.code_size,
        "overhead_bytes": codec.overhead_bytes,
        "times_smaller": 4 * codec.dim / codec.code_size,
        "file": out,
        "file_bytes": os.path.getsize(out),
    }
    if as_json:
        output.emit_json(report)
    else:
        output.facts(report)
