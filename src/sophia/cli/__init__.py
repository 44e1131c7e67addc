"""The commands: they parse arguments, call a function and show its result.

They import slow modules inside functions, so that --help answers at once. Exit codes: 0 done, 1 error, 2 wrong usage,
3 partly done, 130 stopped by Ctrl-C, 143 stopped by SIGTERM.
"""

import sys

import typer

from sophia.cli import (
    annotations,
    audience,
    benchmarks,
    brief,
    campaigns,
    clients,
    collecting,
    comments,
    connecting,
    conversion_records,
    conversions,
    costs,
    decisions,
    demo,
    drafts,
    goals,
    keys,
    links,
    posting_times,
    publishing,
    report,
    serving,
    status,
    store,
    tokens,
)
from sophia.cli.errors import SophiaGroup
from sophia.cli.output import show_crash

app = typer.Typer(
    cls=SophiaGroup,
    help="Self-hosted analytics for agencies that run Facebook Pages and Instagram accounts for many clients.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
# In the order of --help. A new command is a module with `register`; add the module here.
for module in (
    demo,
    serving,
    connecting,
    collecting,
    status,
    report,
    brief,
    posting_times,
    audience,
    benchmarks,
    drafts,
    publishing,
    clients,
    conversions,
    conversion_records,
    campaigns,
    decisions,
    links,
    costs,
    goals,
    annotations,
    comments,
    keys,
    tokens,
    store,
):
    module.register(app)


def main() -> None:
    sys.excepthook = show_crash
    app(prog_name="sophia")


__all__ = ["app", "main"]
