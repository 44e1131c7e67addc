"""What the watch over series is given, what it keeps from one day to the next, and what it finds."""

Known = float | None
