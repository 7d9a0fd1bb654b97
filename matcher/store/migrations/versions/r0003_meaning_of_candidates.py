"""What a candidate's similarity meant when it was found."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("candidates", sa.Column("meaning", sa.JSON))
