"""Alembic environment: runs on the connection that `Database.migrate` hands over."""

from alembic import context
from sqlmodel import SQLModel

from gateway.db import (
    arrivals,
    bundling,
    by_hand,
    canaries,
    certificates,
    delivery,
    desk,
    enclosures,
    files,
    letters,
    mail,
    mailings,
    originals,
    outages,
    people,
    placings,
    postings,
    profiles,
    retention,
    returns,
    seals,
    sweeps,
    tallies,
    templates,
    tokens,
    unmatched,
)

TABLES = (
    arrivals,
    bundling,
    by_hand,
    canaries,
    certificates,
    delivery,
    desk,
    enclosures,
    people,
    placings,
    letters,
    mail,
    files,
    mailings,
    originals,
    outages,
    postings,
    profiles,
    retention,
    returns,
    seals,
    sweeps,
    tallies,
    templates,
    tokens,
    unmatched,
)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
