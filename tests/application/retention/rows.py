"""All that the database says: what left by its rule must be in no row of any table."""

from sqlmodel import SQLModel

from tests.world import World


def everything(world: World) -> str:
    """All rows of all tables, as text."""
    with world.services.db.reading() as session:
        tables = SQLModel.metadata.sorted_tables
        return " ".join(
            str(tuple(row)) for table in tables for row in session.connection().execute(table.select())
        )
