"""Sound as 16-bit mono PCM: laws, codecs, mixing, levels, national tones, detection, WAV. Pure.

PCM is always ``bytes`` of little-endian signed 16-bit samples, one channel; rates in Hz.

    pcm.alaw_encode(pcm) / alaw_decode(data) / ulaw_encode(pcm) / ulaw_decode(data)      -> bytes
    pcm.silence(samples), gain(pcm, decibels), level(pcm) -> dBFS (full-scale sine = -3), resample(pcm, source, target)
    pcm.mix(frames) -> bytes                          saturated sum
    mixing.Mixer().mix(frames, everybody=False)       -> for each frame the sum of all others; never clips
    stream.Decimator(source, target).feed(pcm), stream.Interpolator(source, target).feed(pcm)    whole multiples
    pcm.Resampler(source, target).feed(pcm, last=False) -> bytes      streaming
    codecs.G722(rate=16000).encode(pcm) / .decode(data)               stateful, one per direction; rate 8000 or 16000
    codecs.coder(name, rate) -> Coder                 PCMA, PCMU, G722: .encode(pcm), .decode(data), .rate of the PCM

    tones.frame(kind, zone, position, samples, *, rate=8000) -> bytes    pure function of the position
    tones.once(kind, zone, rate=8000) -> int          samples of one cadence      tones.KINDS, tones.ZONES

    detect.tone(pcm, rate) -> Heard(frequency, purity, level)          detect.peaks(pcm, rate, count) -> frequencies
    detect.hears(pcm, rate, frequency) -> bool        detect.silent(pcm) -> bool
    detect.spells(pcm, rate) -> tuple[Spell, ...]     what sounds when: start, end in s and the tone in it

    wav.read(data, rate=None) -> Sound(pcm, rate)     PeerError 400 on garbage; any PCM, float, A-law, mu-law; downmixes
    wav.write(pcm, rate) -> bytes
"""
