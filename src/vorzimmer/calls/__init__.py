"""Calls: plans performed, phones connected, answered calls kept as values, one record each.

Where to look:

    board.py        Switchboard: events in, which call they concern, what the outside may see, drain
    attempt.py      connecting somebody, from top to bottom; forks.py the phones that ring, inbox.py what it waits for
    entrance.py     the caller's side of an attempt: an unanswered phone (waiting.py: a party that is being transferred)
    state.py        CallState and its legs; effects.py what a change wants done, and the calls' own events
    apply.py        apply(state, event, at) -> state, effects; talk.py offers and answers, settle.py one codec for both,
                    wiring.py who hears whom, ends.py how a call ends
    live.py         one call that exists now; perform.py does the effects, watch.py looks after phones on hold
    together.py     a call goes on as long as two have each other
    transfer.py     REFER; replace.py INVITE with Replaces or Join: takeover.py of a leg that talks, pickup.py of one
                    that rings, joining.py beside a leg that talks, naming.py which leg is meant
    early.py        which of several phones with early media the caller hears
    statuses.py     what a leg's final response means for the call; diversion.py where a 3xx sends it
    records.py      the one record of an ended call; facts.py the numbered stream; thaw.py calls back after a restart
    world.py        every port and hook in one value; screen.py addresses that nobody may name

Early and final answer: the SDP answer in a 183 is repeated in the 200 (RFC 6337 section 3.1.1). Where the phone that
answers agreed on other codecs than were heard early, the caller is re-invited after its ACK, never before.

This room must never contain a feature's name, decide where a call goes, leave a leg open when an attempt ends, or keep
a stable call in a stack frame.
"""
