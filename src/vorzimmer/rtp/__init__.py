"""RTP and RTCP as bytes and numbers: packets, statistics, digits, learning. Pure; time is an argument.

packet.parse(data) -> Header | None            None: not RTP. Header: payload_type, marker, sequence, timestamp, ssrc,
                                               start, end (payload), csrcs, extension
packet.is_rtcp(data) -> bool                   packet.build(...) -> bytes
packet.rewrite(buffer, *, payload_type, marker, sequence, timestamp, ssrc)      in place, 12 bytes
packet.payload_map(received, sent, events) -> tuple[int, ...]                   128 numbers, -1 = drop

rtcp.parse(data) -> tuple[SenderReport | ReceiverReport | SourceDescription | Goodbye, ...]
rtcp.sender_report(...) / receiver_report(...) / source_description(...) / goodbye(...) -> bytes (join for compounds)

statistics.Reception()                         .packet(ssrc, sequence, timestamp, now, *, rate, size), .block(), .lost,
                                               .loss, .jitter_ms, .received, .received_bytes
statistics.mos(loss, jitter_ms, codec) -> float

events.encode(event) / decode(payload), digit_packets(digit, ms, ...) -> packets to send
events.DigitReceiver()                         .packet(ssrc, timestamp, payload, now) / .tick(now) -> tuple[Digit, ...]

learning.Learning()                            .configure(signalled, now), .accept(source, ssrc, sequence, now) -> bool,
                                               .destination
"""
