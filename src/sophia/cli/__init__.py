"""The commands: they parse arguments, call a function and show its result.

They import slow modules inside functions, so that --help answers at once. Exit codes: 0 done, 1 error, 2 wrong usage,
3 partly done, 130 stopped by Ctrl-C, 143 stopped by SIGTERM.
"""

import sys

import typer

from sophia.cli import (
    annotations,
    assistants,
    audience,
    benchmarks,
    brief,
    campaigns,
    clients,
    collecting,
    comments,
    connecting,
    conversion_records,  # noqa: F401 - adds its commands to `sophia conversions`
    conversions,
    costs,
    decisions,
    demo,
    drafts,
    exports,
    forecast,
    goals,
    imports,
    keys,
    links,
    posting_times,
    publishing,
    report,
    reports,
    serving,
    status,
    store,
    tokens,
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
# Both in the order of --help, which shows the commands without subcommands first.
COMMANDS = (
    demo.demo,
    serving.serve,
    connecting.connect,
    collecting.collect,
    collecting.backfill,
    status.status,
    report.report,
    brief.brief,
    forecast.forecast,
    posting_times.posting_times,
    annotations.annotate,
    comments.comments,
    exports.export,
    assistants.mcp,
)
GROUPS = {
    "reports": reports.reports,
    "audience": audience.audience,
    "benchmarks": benchmarks.benchmarks,
    "draft": drafts.drafts,
    "publish": publishing.publishing,
    "client": clients.clients,
    "conversions": conversions.conversions,
    "campaigns": campaigns.campaigns,
    "decisions": decisions.decisions,
    "links": links.links,
    "costs": costs.costs,
    "goals": goals.goals,
    "competitors": comments.competitors,
    "key": keys.keys,
    "user": users.users,
    "tokens": tokens.tokens,
    "db": store.store,
}
app.command("import")(imports.import_)
for command in COMMANDS:
    app.command()(command)
for name, group in GROUPS.items():
    app.add_typer(group, name=name)


def main() -> None:
    sys.excepthook = show_crash
    app(prog_name="sophia")


__all__ = ["app", "main"]
