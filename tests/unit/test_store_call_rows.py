"""From a call's record to its row in the history."""

import msgspec
from tests.store_contract import HOSTILE, record_bytes

from vorzimmer.calls.records import Record, decode_record
from vorzimmer.calls.state import Party, PastLeg
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.ids import EndpointId, LegId
from vorzimmer.routing.model import Asked, Caller
from vorzimmer.store.call_rows import row_of


def leg(party: Party) -> PastLeg:
    return PastLeg(LegId("l"), party, False, EndpointId("e"), 1.0, 2.0)


def test_the_document_of_a_row_reads_back_as_the_record() -> None:
    data = record_bytes("c", legs=(leg(Party(Ref("user", "eva"), "eva-phone", HOSTILE, "20", True)),))
    assert msgspec.json.decode(row_of("c", data).document, type=Record) == decode_record(data)


def test_exa_44_an_outside_caller_who_hides_is_in_the_history_without_name_and_number() -> None:
    caller = Caller(number="+4915112345678", name="Geheimer Anrufer", private=True)
    data = record_bytes(
        "c",
        asked=Asked("musterbau", caller, dialled="20"),
        legs=(leg(Party(None, None, "Geheimer Anrufer", "+4915112345678", True)),),
    )
    row = row_of("c", data)
    assert row.caller == "anonymous"
    assert b"4915112345678" not in row.document
    assert b"Geheimer" not in row.document
    assert row_of("c", record_bytes("c", asked=Asked("musterbau", Caller()))).caller == "unavailable"


def test_exa_44_a_colleague_who_hides_is_still_found_in_the_own_history() -> None:
    eva = Caller(ref=Ref("user", "eva"), private=True)
    assert row_of("c", record_bytes("c", asked=Asked("musterbau", eva))).caller == "user:eva"
