"""The comparison of all methods of explanation on one study."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "gallery",
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("maps", sa.JSON(), nullable=False),
        sa.Column("probability", sa.Double()),
        sa.Column("error_code", sa.String(64)),
        sa.Column("error_message", sa.Text()),
        sa.ForeignKeyConstraint(
            ["study_id"], ["study.id"], name="fk_gallery_study_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("study_id", name="pk_gallery"),
    )
    op.create_index("ix_gallery_due", "gallery", ["due"])


def downgrade() -> None:
    op.drop_table("gallery")
