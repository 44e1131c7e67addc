"""Commands: parse, call one function, show the answer. What is slow to import is imported inside the commands.

Exit codes: 0 done, 1 error, 2 wrong usage, 3 partly done, 130 and 143 stopped by Ctrl-C or SIGTERM.
"""

import sys

import typer

from sophia.cli import (
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
    decisions,
    demo,
    drafts,
    keys,
    links,
    posting_times,
    publishing,
    report,
    serving,
    status,
    store,
    tokens,
    told,
    users,
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
# In the order in which --help shows them. A new command is a module with `register`, named here.
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
    told,
    comments,
    keys,
    users,
    tokens,
    store,
):
    module.register(app)


def main() -> None:
    sys.excepthook = show_crash
    app(prog_name="sophia")


__all__ = ["app", "main"]
