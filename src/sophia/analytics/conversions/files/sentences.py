"""What an import of conversions changed, in sentences."""

from sophia.analytics.conversions.files.recording import ImportReport


def import_sentences(report: ImportReport) -> list[str]:
    """Return a sentence for each kind of change."""
    verb = "would be recorded" if report.dry_run else "recorded"
    by = "one per row" if report.counted_by is None else f"from column {report.counted_by}"
    events = f"{report.recorded:,} events {verb}, {report.changed:,} changed, {report.known_before:,} unchanged"
    sentences = [f"{report.rows:,} rows: {events}.", f"{report.conversions:,} conversions {by}."]
    counts = (
        (report.withdrawn, "events no longer count: the file withdraws them."),
        (report.kept_deleted, "events stay deleted: a person deleted them earlier."),
        (report.amendments_replaced, "events had been amended by a person; the newer file replaces the amendment."),
        (report.unattributed, "new events are unattributed: they name neither a post of this client nor a channel."),
        (report.refunds_without_day, "refunds have the date of their order: the file gives no other date."),
    )
    sentences += [f"{count:,} {text}" for count, text in counts if count]
    return sentences + [f"{count:,} rows skipped: {reason}" for reason, count in report.passed_over.items()]


def column_sentences(report: ImportReport) -> list[str]:
    """Return which columns were read, not read and ignored."""
    sentences = [f"Columns: {', '.join(report.columns)}"]
    if report.unused_numbers:
        sentences.append(f"Columns with numbers that Sophia does not read: {', '.join(report.unused_numbers)}")
    if report.ignored_columns:
        sentences.append(f"Ignored columns: {', '.join(report.ignored_columns)}")
    return sentences
