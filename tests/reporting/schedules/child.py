"""A process that sends what is queued and may be killed at any moment: `python child.py URL PORT MOMENT`."""

import sys
from datetime import datetime

from sophia.analytics import models  # noqa: F401 - the tables that the mails refer to
from sophia.database.engine import Database
from sophia.reporting.schedules.sending import send_due
from sophia.reporting.schedules.smtp import MailServer


def main() -> None:
    url, port, moment = sys.argv[1:]
    database = Database(url)
    server = MailServer("127.0.0.1", int(port), "none", None, None, "reports@agency.example", "https://sophia.example")
    send_due(database, server, lambda: datetime.fromisoformat(moment))
    database.close()


if __name__ == "__main__":
    main()
