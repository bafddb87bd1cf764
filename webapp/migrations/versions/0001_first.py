"""People, sessions, studies, feedback, invitations, and an audit log that only grows."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

FIRST_SEAL = "0" * 64


def upgrade() -> None:
    _people()
    _studies()
    _audit_log()


def downgrade() -> None:
    for table in ("feedback", "study", "login_session", "person", "invitation", "audit_head"):
        op.drop_table(table)
    op.drop_table("audit_event")  # with its triggers
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_event_stays()")


def _people() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.String(254), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        _time("created"),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("login", name="uq_person_login"),
    )
    op.create_table(
        "login_session",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        _time("created"),
        _time("seen"),
        _belongs_to("login_session", "user_id", "person"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_login_session"),
    )
    op.create_index("ix_login_session_user_id", "login_session", ["user_id"])
    op.create_table(
        "invitation",
        sa.Column("token_hash", sa.String(64), nullable=False),
        _time("created"),
        _time("expires"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_invitation"),
    )


def _studies() -> None:
    op.create_table(
        "study",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        _time("created"),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("storage_key", sa.String(64), nullable=False),
        sa.Column("upload_token", sa.String(64)),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _time("due", nullable=True),
        sa.Column("error_code", sa.String(64)),
        sa.Column("error_message", sa.Text()),
        _time("answered", nullable=True),
        sa.Column("label", sa.String(32)),
        sa.Column("confidence", sa.Double()),
        sa.Column("probabilities", sa.JSON()),
        sa.Column("decision", sa.String(16)),
        sa.Column("reason", sa.Text()),
        sa.Column("page_score", sa.Double()),
        sa.Column("model", sa.String(64)),
        sa.Column("model_version", sa.BigInteger()),
        _time("explained", nullable=True),
        sa.Column("explanation", sa.JSON()),
        _belongs_to("study", "user_id", "person"),
        sa.PrimaryKeyConstraint("id", name="pk_study"),
        sa.UniqueConstraint("storage_key", name="uq_study_storage_key"),
        sa.UniqueConstraint("user_id", "upload_token", name="uq_study_user_id_upload_token"),
    )
    op.create_index("ix_study_created", "study", ["created"])
    op.create_index("ix_study_due", "study", ["due"])
    op.create_index("ix_study_user_id_created", "study", ["user_id", "created"])
    op.create_table(
        "feedback",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("label", sa.String(32), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        _time("created"),
        _belongs_to("feedback", "study_id", "study"),
        _belongs_to("feedback", "user_id", "person"),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.UniqueConstraint("study_id", name="uq_feedback_study_id"),
    )
    op.create_index("ix_feedback_user_id", "feedback", ["user_id"])


def _audit_log() -> None:
    op.create_table(
        "audit_event",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        _time("at"),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("study_id", sa.Uuid()),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_event"),
    )
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.bulk_insert(head, [{"id": 1, "number": 0, "seal": FIRST_SEAL}])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_event_stays() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit log only grows'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_event_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_event_stays()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_event_no_{change.lower()} BEFORE {change} ON audit_event "
            "BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END"
        )


def _time(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _belongs_to(table: str, column: str, owner: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{owner}.id"], name=f"fk_{table}_{column}", ondelete="CASCADE"
    )
