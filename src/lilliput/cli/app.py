"""The group of verbs, and the one place where an error becomes a sentence and an exit code."""

import importlib
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import click

from lilliput.cli.verb import write_examples
from lilliput.errors import Cancelled, LilliputError, LilliputWarning

USER_ERROR = 2
INTERRUPTED = 130

# In the order in which a newcomer meets them. Each module holds one `command`, loaded when it is asked for.
VERBS = {
    "demo": "The whole path on real text, offline.",
    "diagnose": "Say what vectors are like, and what to do about it.",
    "advise": "Measure codecs on your vectors and recommend one.",
    "convert": "Write vectors in another format.",
    "compress": "Train a codec on vectors and write their codes.",
    "decode": "Turn codes back into vectors.",
    "build": "Build an index folder from vectors.",
    "search": "Find the nearest rows of an index.",
    "info": "Say what a file or folder holds.",
    "verify": "Check every byte of a file or folder.",
    "bench": "Race against the peers that are installed.",
}

EXAMPLES = [
    "lilliput demo",
    "lilliput advise vectors.npy --budget 96B",
    'lilliput build vectors.npy --spec "flat | int8 | f16" --out index',
    "lilliput search index queries.npy -k 10",
]


class Verbs(click.Group):
    """Loads a verb when it is called, and turns errors of the user into one sentence and exit code 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the verbs in their own order."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one verb."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(f"lilliput.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the way from vectors to answers."""
        write_examples(EXAMPLES, formatter)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a verb, then leave with its exit code."""
        with warnings.catch_warnings():
            warnings.simplefilter("always", LilliputWarning)
            warnings.showwarning = _show_warning
            try:
                code = super().main(
                    args, prog_name, complete_var, False, windows_expand_args=windows_expand_args, **extra
                )
            except (click.ClickException, click.Abort, LilliputError, OSError) as error:
                sentence, code = explain(error)
                click.echo(sentence, err=True)
        sys.exit(code if isinstance(code, int) else 0)


def explain(error: Exception) -> tuple[str, int]:
    """Give the sentence and the exit code of an error that is no fault of the program.

    Parameters
    ----------
    error:
        A `LilliputError`, an `OSError`, or what click raises for wrong usage and for Ctrl-C.

    Returns
    -------
    The sentence, which for a `LilliputError` is exactly its `str`, and the exit code.
    """
    if isinstance(error, click.Abort | Cancelled):
        return "Interrupted; nothing was changed.", INTERRUPTED
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.format_message(), USER_ERROR
    if isinstance(error, click.UsageError):
        where = error.ctx.command_path if error.ctx else "lilliput"
        return f"{error.format_message()} Run `{where} --help` for the arguments and an example.", USER_ERROR
    if isinstance(error, click.ClickException):
        return error.format_message(), USER_ERROR
    return str(error), USER_ERROR


def _show_warning(message: Warning | str, category: type[Warning], *where: object, **more: object) -> None:
    """Print a warning as the sentence that it is, without the line of code that raised it."""
    click.echo(f"Note: {message}" if issubclass(category, LilliputWarning) else f"{message}", err=True)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lilliput", prog_name="lilliput")
def app() -> None:
    """Make embeddings small, search them fast, and say what was lost."""


def main() -> None:
    """Run the command line with the arguments of this process."""
    app(prog_name="lilliput")
