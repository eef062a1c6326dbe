"""Stops of the hand-over, and what people decided about the entries of the desk."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from gateway.db.types import choice, moment
from gateway.domain.desk.alarms import AlarmAction
from gateway.domain.desk.desk import DeskAction
from gateway.domain.runs.stopping import StopScope


class Stop(SQLModel, table=True):
    """A *Notbremse*: nothing that it covers is released until it is lifted. One live stop of a kind and value."""

    __table_args__ = (
        Index(
            "one_live_stop",
            "scope",
            "value",
            unique=True,
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifting_is_whole"),
    )

    id: int | None = Field(default=None, primary_key=True)
    scope: StopScope = choice(StopScope, "stop_scope_known")
    value: str
    """Reference of the letter, template or template@version, key of the office, id of the run, name of the provider."""
    reason: str
    set_by: str
    set_at: datetime = moment()
    lifted_by: str | None = None
    lifted_at: datetime | None = moment(optional=True)
    lift_reason: str | None = None


class DecisionState(StrEnum):
    """Whether a decision holds."""

    PROPOSED = "proposed"
    """A second person must confirm it; until then nothing happens."""
    DONE = "done"
    WITHDRAWN = "withdrawn"
    """A later proposal took its place, or the facts changed before it was confirmed."""


class DeskDecision(SQLModel, table=True):
    """What a person decided about one problem of the desk, and why; `problem` takes exactly that entry off the desk."""

    __tablename__ = "desk_decision"
    __table_args__ = (
        CheckConstraint("(seconded_by IS NULL) = (seconded_at IS NULL)", name="second_is_whole"),
        CheckConstraint("seconded_by IS NULL OR seconded_by <> decided_by", name="second_is_another"),
        CheckConstraint(
            "action NOT IN ('provider-has-it', 'provider-has-it-not') OR state <> 'done' OR seconded_by IS NOT NULL",
            name="four_eyes_about_doubt",
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    letter_id: int = Field(foreign_key="letter.id", index=True)
    piece_id: int | None = Field(default=None, foreign_key="mail_piece.id", index=True)
    problem: str = Field(index=True)
    """Names the problem and its occasion; a new occasion is a new problem."""
    action: DeskAction = choice(DeskAction, "desk_action_known")
    state: DecisionState = choice(DecisionState, "decision_state_known", index=True)
    reason: str
    source: str | None = None
    """Who said so at the provider, where the decision rests on his word."""
    provider_reference: str | None = None
    decided_by: str
    decided_at: datetime = moment()
    seconded_by: str | None = None
    seconded_at: datetime | None = moment(optional=True)
    follow_up: str | None = None
    """Reference of the draft, key of the new submission, or whatever came of it."""


class AlarmDecision(SQLModel, table=True):
    """How a person settled an alarm of the house, and why. Append-only; takes exactly that alarm off the desk."""

    __tablename__ = "alarm_decision"

    id: int | None = Field(default=None, primary_key=True)
    alarm: str = Field(unique=True)
    """Names the alarm and its occasion; a new occasion is a new alarm."""
    action: AlarmAction = choice(AlarmAction, "alarm_action_known")
    reason: str
    decided_by: str
    decided_at: datetime = moment()
