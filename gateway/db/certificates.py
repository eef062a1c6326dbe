"""Run certificates: what was checked of the print copies of a run before any of them was handed over."""

from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from gateway.db.types import moment


class RunCertificate(SQLModel, table=True):
    """A *Laufzertifikat*. Append-only. A run that was resumed has several; the document is in the store."""

    __tablename__ = "run_certificate"
    __table_args__ = (UniqueConstraint("run_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id", index=True)
    number: int
    sha256: str = Field(unique=True, min_length=64, max_length=64)
    """Of the certificate's JSON document, which holds the result of every piece."""
    made_at: datetime = moment()
    pieces: int
    faulty: int


class PieceCertificate(SQLModel, table=True):
    """The line of one piece, bound to the bytes that were checked. Append-only; only a clean one is handed over."""

    __tablename__ = "piece_certificate"

    piece_id: int = Field(foreign_key="mail_piece.id", primary_key=True)
    certificate_id: int = Field(foreign_key="run_certificate.id", index=True)
    print_sha256: str = Field(foreign_key="document.sha256", index=True)
    clean: bool
