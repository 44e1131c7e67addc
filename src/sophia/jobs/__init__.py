"""The table of jobs; when they run (APScheduler); where they run (this process)."""
