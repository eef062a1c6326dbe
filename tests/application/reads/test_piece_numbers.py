"""The carrier's numbers stand in the list, the record of posting, the letter and the posting file."""

import io
import json
import zipfile
from datetime import timedelta

import pytest

from gateway.application.evidence.evidencing import packed, posting_file
from gateway.application.posting import posting
from gateway.application.posting.posting_list_view import list_content
from gateway.application.posting.posting_view import day_report
from gateway.application.tracking.tracking import poll, record
from gateway.application.views.shaping import as_json
from gateway.providers.epost_status import reports_from
from tests.world import INVITATION, MONDAY, World, at

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]


def test_frankier_id_and_number_of_registered_mail_are_in_the_record_and_the_proof(world: World) -> None:
    reference = world.approved("F1", INVITATION)
    world.evening(MONDAY)
    world.advance_to(at(MONDAY + timedelta(days=7), "08:00"))
    poll(world.services)
    (each,) = world.submissions()
    number = int(each.provider_reference or 0)
    franking_id, tracking = f"A{number:019X}", f"RG{number:09d}DE"
    said = {"letterID": number, "custom1": each.key, "statusID": 4, "registeredLetterID": tracking}
    record(world.services, "epost", reports_from(said | {"registeredLetterStatus": "POSTED"}, world.clock.now))
    (day,) = posting.posting_days(world.services, "post")
    posting.confirm(world.services, "post", day.day)
    (noted,) = world.only(reference).records
    assert noted.franking_id == franking_id
    assert f"Frankier-ID {franking_id}, Sendungsnummer {tracking})" in noted.text
    told = as_json(world.view(reference))["recipients"][0]
    assert (told["franking_id"], told["tracking_number"]) == (franking_id, tracking)
    (listed,) = day_report(world.services, "post", day.day).providers[0].lists
    (line,) = json.loads(list_content(world.services, "post", listed.id)[1])["pieces"]
    assert (line["franking_id"], line["tracking_number"]) == (franking_id, tracking)
    archive, _ = packed(world.services, posting_file(world.services, None, reference))
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        (kept,) = json.loads(opened.read("ab-vermerk-1.json"))
        assert (kept["franking_id"], kept["line"]["franking_id"]) == (franking_id, franking_id)
