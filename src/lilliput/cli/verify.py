"""`lilliput verify`: every byte of a file or folder against its checksums."""

import sys

import click

from lilliput.cli import options, output
from lilliput.cli.verb import Verb

DAMAGED = 1

EXAMPLES = [
    "lilliput verify index",
]


@click.command("verify", cls=Verb, examples=EXAMPLES)
@click.argument("path")
@options.progress
@options.as_json
def command(path: str, as_json: bool, progress: options.Progress) -> None:
    """Check every byte of the codec, codes or index at PATH against its checksums.

    Exit code 0: everything is as it was written. 1: something is damaged, and each damaged place is named.
    2: PATH cannot be read at all.
    """
    from lilliput.io.verify import verify

    report = verify(path, progress=progress)
    if as_json:
        problems = [{"file": problem.file, "text": problem.text} for problem in report.problems]
        output.emit_json(
            {
                "path": report.path,
                "kind": report.kind,
                "files": report.files,
                "bytes": report.bytes,
                "ok": report.ok,
                "problems": problems,
            }
        )
    elif report.ok:
        files = "1 file" if report.files == 1 else f"{report.files} files"
        click.echo(f"{path} is whole: {files}, {output.size(report.bytes)}.")
    else:
        for problem in report.problems:
            click.echo(problem.text)
    if not report.ok:
        sys.exit(DAMAGED)
