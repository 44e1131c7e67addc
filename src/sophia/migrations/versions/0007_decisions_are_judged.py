"""Decisions are recorded once, and judged by what their posts came to at fixed ages"""

import sqlalchemy as sa
from alembic import op

import sophia.database.columns

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sophia.database.columns.UtcDateTime(timezone=True)
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AGES = "('24h', '7d', '28d')"
ADDED = (
    ("predicted_age", sa.String(length=3), "'7d'"),
    ("recorded_at", MOMENT, "decided_at"),
    ("idempotency_key", sa.String(length=200), "'before-0006-' || id"),
    ("content_sha256", sa.String(length=64), "''"),
)


def upgrade() -> None:
    for name, kind, _ in ADDED:
        op.add_column("decision_traces", sa.Column(name, kind, nullable=True))
    given = ", ".join(f"{name} = {value}" for name, _, value in ADDED)
    op.execute(f"UPDATE decision_traces SET {given}")  # noqa: S608 - names of our own
    with op.batch_alter_table("decision_traces") as table:
        for name, _, _ in ADDED:
            table.alter_column(name, nullable=False)
        # Nothing ever wrote it: one value could not hold what a post has at three ages.
        table.drop_column("actual")
        table.create_unique_constraint(
            op.f("uq_decision_traces_client_id_idempotency_key"), ["client_id", "idempotency_key"]
        )
        table.create_check_constraint(op.f("ck_decision_traces_predicted_age_known"), f"predicted_age IN {AGES}")
    create_outcomes("post_outcomes", sa.CheckConstraint(f"age IN {AGES}", name=op.f("ck_post_outcomes_age_known")))
    create_outcomes("post_outcome_revisions", sa.Column("replaced_at", MOMENT, nullable=False))


def create_outcomes(name: str, own: sa.Column[object] | sa.CheckConstraint) -> None:
    key = ["post_id", "age", "metric", *([own.name] if isinstance(own, sa.Column) else [])]
    op.create_table(
        name,
        sa.Column("post_id", BIG, nullable=False, autoincrement=False),
        sa.Column("age", sa.String(length=3), nullable=False),
        sa.Column("metric", sa.String(length=60), nullable=False),
        own,
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("read_at", MOMENT, nullable=False),
        sa.Column("measured_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f(f"fk_{name}_post_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")),
    )


def downgrade() -> None:
    op.drop_table("post_outcome_revisions")
    op.drop_table("post_outcomes")
    with op.batch_alter_table("decision_traces") as table:
        table.drop_constraint(op.f("ck_decision_traces_predicted_age_known"), type_="check")
        table.drop_constraint(op.f("uq_decision_traces_client_id_idempotency_key"), type_="unique")
        for name, _, _ in ADDED:
            table.drop_column(name)
        table.add_column(sa.Column("actual", sa.JSON(none_as_null=True), nullable=True))
