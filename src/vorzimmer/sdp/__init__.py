"""Session descriptions: text to values and back, and what an offer and an answer agree on. Pure.

    parse.parse(data: bytes) -> Session                          PeerError 400/488; tolerant of phones
    write.write(session: Session) -> bytes                       CRLF, canonical order

    plan.Format, AudioPlan, Agreed, Changes, Direction           frozen values; media.port mirrors Format and Agreed
    plan.mirrored(direction) -> Direction                        sendonly <-> recvonly
    plan.both(one, other) -> Direction                           what two wishes have in common
    plan.changes(before: AudioPlan, after: AudioPlan) -> Changes held, resumed, moved, codec

    negotiate.Ours(address, session, origin, guard, numbers)     our end: media address, origin session id, protection,
                                                                 payload numbers given so far
    negotiate.read(session, srtp) -> AudioPlan                   what the peer (or we) can do; PeerError 488
    negotiate.read_answer(offer, answer) -> AudioPlan            the same, in the light of the offer
    negotiate.offer_like(plan, ours, more, *, direction, previous) -> Session  the caller's offer for the other leg
    negotiate.full_offer(ours, formats, *, event, direction, previous) -> Session   for late offers
    negotiate.answer(offer, ours, formats, *, direction, previous) -> Session       PeerError 488 without a common codec
    negotiate.agreed(offer, answer, *, we_offered) -> Agreed     what to configure the media endpoint with
    negotiate.matching(offered, wanted) -> tuple[Format, ...]    offerer's numbers in the answerer's order
    negotiate.common(offered, wanted) -> Format | None           None: answer 488

    negotiate.renumbered, unambiguous                            no number of ours changes its meaning (RFC 3264 8.3.2)
    reading.audio_index(session, srtp) -> int                    the one stream that we use; ProtectionError 488
    crypto.Guard(srtp, secret, turn, hints)                      how a leg is protected: SDES keys are derived from it

    addresses.refused(address, listener_on_loopback, own) -> reason | None
    addresses.spelled(host) -> str | None                        the spelling that sockets use; None: a name
    addresses.Own(hosts, ports)                                  our own addresses and port ranges

`previous` is always our last description on that leg: it keeps the number and order of m-lines (RFC 3264 section 8) and
the origin; the version rises by one exactly when something else changed. Keep it with the leg.

Late offer from A (INVITE without SDP): either send B an INVITE without SDP too, turn the offer in B's 200 into
``a_offer = offer_like(read(b_offer), ours_a)`` for A's 200, take A's answer from its ACK and answer B in our ACK with
``answer(b_offer, ours_b, read_answer(a_offer, a_answer).formats)``; or offer B ``full_offer(ours_b)`` at once and, when
B has answered, offer A ``full_offer(ours_a, read_answer(b_offer, b_answer).formats)``.
"""
