"""The table of goals. Replacing or deleting a goal ends its row, since a report as of a past time still needs it."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, Float, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sophia.database.columns import Base, BigId, UtcDateTime


class ClientGoal(Base):
    """The target of a KPI over some days, both included. The row without `ended_at` is the current one."""

    __tablename__ = "client_goals"
    __table_args__ = (
        UniqueConstraint("client_id", "name", "set_at"),
        CheckConstraint("end_date >= start_date", name="dates_in_order"),
        CheckConstraint("length(name) > 0", name="name_given"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    kpi: Mapped[str] = mapped_column(String(60))
    target: Mapped[float] = mapped_column(Float)
    at_most: Mapped[bool] = mapped_column()
    start_date: Mapped[date] = mapped_column(Date)
    end_date: Mapped[date] = mapped_column(Date)
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
