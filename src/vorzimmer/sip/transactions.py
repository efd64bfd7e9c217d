"""The four transaction machines as tables: state x signal -> next state and actions.

RFC 3261 section 17 with the corrections of RFC 6026 (the Accepted states, timers L and M, server transactions that
survive a transport error). ``transaction_layer`` runs them. This module must never hold a timer, a message or a flow:
it is data, so that every row can be tested by name.
"""

from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """Where a transaction is."""

    CALLING = "calling"
    TRYING = "trying"
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


class Signal(StrEnum):
    """What happens to a transaction."""

    REQUEST = "request"  # the request again
    ACK = "ack"
    PROVISIONAL = "1xx"
    SUCCESS = "2xx"
    FAILURE = "300-699"
    FINAL = "200-699"
    SEND_PROVISIONAL = "send 1xx"
    SEND_SUCCESS = "send 2xx"
    SEND_FAILURE = "send 300-699"
    SEND_FINAL = "send 200-699"
    TIMER_A = "timer A"
    TIMER_B = "timer B"
    TIMER_D = "timer D"
    TIMER_E = "timer E"
    TIMER_F = "timer F"
    TIMER_G = "timer G"
    TIMER_H = "timer H"
    TIMER_I = "timer I"
    TIMER_J = "timer J"
    TIMER_K = "timer K"
    TIMER_L = "timer L"
    TIMER_M = "timer M"
    ABANDONED = "abandoned"  # nobody answered a non-INVITE request while its client still listened (RFC 4320)
    TRANSPORT_ERROR = "transport error"


class Do(StrEnum):
    """What the layer does on the way, in order."""

    SEND_REQUEST = "send the request again"
    SEND_ACK = "acknowledge"
    PASS_UP = "pass up"
    TELL_TIMEOUT = "tell timeout"
    TELL_ERROR = "tell transport error"
    SEND_RESPONSE = "send the response"
    RESEND = "send the last response again"
    START_A = "start A doubled"
    START_D = "start D"
    START_E = "start E doubled"
    START_E_T2 = "start E with T2"
    START_G = "start G"
    AGAIN_G = "start G doubled"
    START_H = "start H"
    START_I = "start I"
    START_J = "start J"
    START_K = "start K"
    START_L = "start L"
    START_M = "start M"
    STOP_RETRY = "stop A, E or G"
    STOP_LIMIT = "stop B, F or H"


class Row(NamedTuple):
    """One cell of a table."""

    state: State
    actions: tuple[Do, ...] = ()


Table = dict[State, dict[Signal, Row]]

INVITE_CLIENT: Table = {  # RFC 3261 17.1.1, RFC 6026 figure 1
    State.CALLING: {
        Signal.TIMER_A: Row(State.CALLING, (Do.SEND_REQUEST, Do.START_A)),
        Signal.TIMER_B: Row(State.TERMINATED, (Do.TELL_TIMEOUT,)),
        Signal.PROVISIONAL: Row(State.PROCEEDING, (Do.STOP_RETRY, Do.STOP_LIMIT, Do.PASS_UP)),
        Signal.SUCCESS: Row(State.ACCEPTED, (Do.STOP_RETRY, Do.START_M, Do.PASS_UP)),
        Signal.FAILURE: Row(State.COMPLETED, (Do.STOP_RETRY, Do.SEND_ACK, Do.START_D, Do.PASS_UP)),
        Signal.TRANSPORT_ERROR: Row(State.TERMINATED, (Do.TELL_ERROR,)),
    },
    State.PROCEEDING: {
        Signal.PROVISIONAL: Row(State.PROCEEDING, (Do.PASS_UP,)),
        Signal.SUCCESS: Row(State.ACCEPTED, (Do.START_M, Do.PASS_UP)),
        Signal.FAILURE: Row(State.COMPLETED, (Do.SEND_ACK, Do.START_D, Do.PASS_UP)),
    },
    State.ACCEPTED: {
        Signal.SUCCESS: Row(State.ACCEPTED, (Do.PASS_UP,)),
        Signal.TIMER_M: Row(State.TERMINATED),
    },
    State.COMPLETED: {
        Signal.FAILURE: Row(State.COMPLETED, (Do.SEND_ACK,)),
        Signal.TIMER_D: Row(State.TERMINATED),
        Signal.TRANSPORT_ERROR: Row(State.TERMINATED, (Do.TELL_ERROR,)),
    },
}

CLIENT: Table = {  # RFC 3261 17.1.2
    State.TRYING: {
        Signal.TIMER_E: Row(State.TRYING, (Do.SEND_REQUEST, Do.START_E)),
        Signal.TIMER_F: Row(State.TERMINATED, (Do.TELL_TIMEOUT,)),
        Signal.PROVISIONAL: Row(State.PROCEEDING, (Do.PASS_UP,)),
        Signal.FINAL: Row(State.COMPLETED, (Do.STOP_RETRY, Do.START_K, Do.PASS_UP)),
        Signal.TRANSPORT_ERROR: Row(State.TERMINATED, (Do.TELL_ERROR,)),
    },
    State.PROCEEDING: {
        Signal.TIMER_E: Row(State.PROCEEDING, (Do.SEND_REQUEST, Do.START_E_T2)),
        Signal.TIMER_F: Row(State.TERMINATED, (Do.TELL_TIMEOUT,)),
        Signal.PROVISIONAL: Row(State.PROCEEDING, (Do.PASS_UP,)),
        Signal.FINAL: Row(State.COMPLETED, (Do.STOP_RETRY, Do.START_K, Do.PASS_UP)),
        Signal.TRANSPORT_ERROR: Row(State.TERMINATED, (Do.TELL_ERROR,)),
    },
    State.COMPLETED: {
        Signal.FINAL: Row(State.COMPLETED),
        Signal.TIMER_K: Row(State.TERMINATED),
    },
}

INVITE_SERVER: Table = {  # RFC 3261 17.2.1, RFC 6026 figure 2
    State.PROCEEDING: {
        Signal.REQUEST: Row(State.PROCEEDING, (Do.RESEND,)),
        Signal.SEND_PROVISIONAL: Row(State.PROCEEDING, (Do.SEND_RESPONSE,)),
        Signal.SEND_SUCCESS: Row(State.ACCEPTED, (Do.SEND_RESPONSE, Do.START_L)),
        Signal.SEND_FAILURE: Row(State.COMPLETED, (Do.SEND_RESPONSE, Do.START_G, Do.START_H)),
        Signal.TRANSPORT_ERROR: Row(State.PROCEEDING, (Do.TELL_ERROR,)),
    },
    State.ACCEPTED: {
        Signal.REQUEST: Row(State.ACCEPTED),
        Signal.SEND_SUCCESS: Row(State.ACCEPTED, (Do.SEND_RESPONSE,)),
        Signal.ACK: Row(State.ACCEPTED, (Do.PASS_UP,)),
        Signal.TIMER_L: Row(State.TERMINATED),
        Signal.TRANSPORT_ERROR: Row(State.ACCEPTED, (Do.TELL_ERROR,)),
    },
    State.COMPLETED: {
        Signal.REQUEST: Row(State.COMPLETED, (Do.RESEND,)),
        Signal.TIMER_G: Row(State.COMPLETED, (Do.RESEND, Do.AGAIN_G)),
        Signal.TIMER_H: Row(State.TERMINATED, (Do.TELL_TIMEOUT,)),
        Signal.ACK: Row(State.CONFIRMED, (Do.STOP_RETRY, Do.START_I)),
        Signal.TRANSPORT_ERROR: Row(State.COMPLETED, (Do.TELL_ERROR,)),
    },
    State.CONFIRMED: {
        Signal.REQUEST: Row(State.CONFIRMED),
        Signal.ACK: Row(State.CONFIRMED),
        Signal.TIMER_I: Row(State.TERMINATED),
    },
}

SERVER: Table = {  # RFC 3261 17.2.2; ABANDONED: RFC 4320 4.2 (an answer after timer F of the client helps nobody)
    State.TRYING: {
        Signal.REQUEST: Row(State.TRYING),
        Signal.SEND_PROVISIONAL: Row(State.PROCEEDING, (Do.SEND_RESPONSE,)),
        Signal.SEND_FINAL: Row(State.COMPLETED, (Do.SEND_RESPONSE, Do.START_J)),
        Signal.ABANDONED: Row(State.TERMINATED),
    },
    State.PROCEEDING: {
        Signal.REQUEST: Row(State.PROCEEDING, (Do.RESEND,)),
        Signal.SEND_PROVISIONAL: Row(State.PROCEEDING, (Do.SEND_RESPONSE,)),
        Signal.SEND_FINAL: Row(State.COMPLETED, (Do.SEND_RESPONSE, Do.START_J)),
        Signal.TRANSPORT_ERROR: Row(State.PROCEEDING, (Do.TELL_ERROR,)),
        Signal.ABANDONED: Row(State.TERMINATED),
    },
    State.COMPLETED: {
        Signal.REQUEST: Row(State.COMPLETED, (Do.RESEND,)),
        Signal.SEND_FINAL: Row(State.COMPLETED),
        Signal.TIMER_J: Row(State.TERMINATED),
        Signal.TRANSPORT_ERROR: Row(State.COMPLETED, (Do.TELL_ERROR,)),
    },
}

TABLES: dict[str, Table] = {
    "invite client": INVITE_CLIENT,
    "client": CLIENT,
    "invite server": INVITE_SERVER,
    "server": SERVER,
}
