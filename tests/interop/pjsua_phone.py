"""A pjsua2 phone in a process of its own: commands come in as lines of JSON, answers and events go out the same way.

pjsua2 is GPL and has threads of its own, so it never runs inside the tests' process. One thread does all: it hands
time to the library and looks at standard input in between. `Call` objects are kept until the process ends: a destroyed
one hangs up whichever call has taken its number.
"""

import json
import os
import select
import sys
from typing import Any

import pjsua2 as pj

Command = dict[str, Any]
TURN_MS = 10


def tell(event: str, **more: Any) -> None:
    """One line for the test."""
    sys.stdout.write(json.dumps({"event": event, **more}) + "\n")
    sys.stdout.flush()


class Call(pj.Call):  # type: ignore[misc]  # pjsua2 has no types
    """A call that plays the phone's voice and tells what happens to it."""

    def __init__(self, phone: "Phone", number: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(phone.account, number)
        self.phone = phone
        self.name = phone.keep(self)

    def onCallState(self, prm: Any) -> None:
        """RFC 3261 dialog states."""
        info = self.getInfo()
        tell("state", call=self.name, state=info.stateText, status=info.lastStatusCode, reason=info.lastReason)

    def onCallMediaState(self, prm: Any) -> None:
        """Sound is there, or is not any more."""
        info = self.getInfo()  # kept: its list dies with it
        for index, media in enumerate(info.media):
            if media.type == pj.PJMEDIA_TYPE_AUDIO:
                if media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                    self.phone.voice.startTransmit(self.getAudioMedia(index))
                tell("media", call=self.name, status=media.status)

    def onDtmfDigit(self, prm: Any) -> None:
        """RFC 4733 arrived."""
        tell("digit", call=self.name, digit=prm.digit, milliseconds=prm.duration)

    def onCallTsxState(self, prm: Any) -> None:
        """How a request within the call was answered."""
        change = prm.e.body.tsxState.tsx
        if change.method not in {"INVITE", "BYE", "CANCEL"} and change.state == pj.PJSIP_TSX_STATE_COMPLETED:
            tell("request", call=self.name, method=change.method, status=change.statusCode)

    def onCallTransferStatus(self, prm: Any) -> None:
        """NOTIFY about our REFER."""
        tell("transfer", call=self.name, status=prm.statusCode, final=prm.finalNotify)


class Account(pj.Account):  # type: ignore[misc]  # pjsua2 has no types
    """The phone's one line."""

    phone: "Phone"

    def onRegState(self, prm: Any) -> None:
        """REGISTER was answered."""
        tell("registered", status=prm.code)

    def onIncomingCall(self, prm: Any) -> None:
        """Ring."""
        call = Call(self.phone, prm.callId)
        ringing = pj.CallOpParam()
        ringing.statusCode = 180
        call.answer(ringing)
        tell("incoming", call=call.name, peer=call.getInfo().remoteUri)


class Phone:
    """Library, line, voice and calls."""

    def __init__(self, line: Command) -> None:
        self.line = line
        self.calls: list[Call] = []
        self.recorders: list[Any] = []
        self.endpoint = pj.Endpoint()
        self.endpoint.libCreate()
        self.endpoint.libInit(_settings(line["log"]))
        kind = pj.PJSIP_TRANSPORT_TCP if line["transport"] == "tcp" else pj.PJSIP_TRANSPORT_UDP
        transport = pj.TransportConfig()
        transport.port = line["port"]
        self.endpoint.transportCreate(kind, transport)
        self.endpoint.audDevManager().setNullDev()
        self.endpoint.libStart()
        for codec in self.endpoint.codecEnum2():
            self.endpoint.codecSetPriority(codec.codecId, 200 if codec.codecId.startswith(line["codec"]) else 0)
        self.voice = pj.AudioMediaPlayer()
        self.voice.createPlayer(line["voice"])
        self.account = Account()
        self.account.phone = self
        self.account.create(self._account())

    def _account(self) -> Any:
        line = self.line
        config = pj.AccountConfig()
        config.idUri = f"sip:{line['user']}@{line['server']}"
        config.regConfig.registrarUri = f"sip:{line['server']};transport={line['transport']}"
        config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", line["user"], 0, line["password"]))
        if line["proxy"]:
            config.sipConfig.proxies.append(f"<sip:{line['proxy']};transport={line['transport']};lr>")
        config.mediaConfig.transportConfig.port = line["rtp"]
        config.mediaConfig.transportConfig.portRange = line["rtp_ports"]
        config.mediaConfig.srtpUse = line["srtp"]
        config.mediaConfig.srtpSecureSignaling = 0  # the test reads along
        if line["strict"]:
            config.callConfig.prackUse = pj.PJSUA_100REL_MANDATORY
            config.callConfig.timerUse = pj.PJSUA_SIP_TIMER_REQUIRED
            config.callConfig.timerMinSESec = config.callConfig.timerSessExpiresSec = 90
        return config

    def keep(self, call: Call) -> int:
        """Its name for the test."""
        self.calls.append(call)
        return len(self.calls) - 1

    # -- commands: their names are methods; what they return goes back to the test -----------------------------------
    def do_dial(self, command: Command) -> int:
        """INVITE an extension."""
        call = Call(self)
        uri = f"sip:{command['number']}@{self.line['server']};transport={self.line['transport']}"
        call.makeCall(uri, pj.CallOpParam(True))
        return call.name

    def do_answer(self, command: Command) -> None:
        """200, or another status."""
        prm = pj.CallOpParam(True)
        prm.statusCode = command.get("status", 200)
        self.calls[command["call"]].answer(prm)

    def do_hang_up(self, command: Command) -> None:
        """CANCEL, BYE, or a refusal."""
        prm = pj.CallOpParam(True)
        prm.statusCode = command.get("status", 0)
        self.calls[command["call"]].hangup(prm)

    def do_hang_up_all(self, command: Command) -> None:
        """Whatever there is."""
        self.endpoint.hangupAllCalls()

    def do_hold(self, command: Command) -> None:
        """re-INVITE sendonly."""
        self.calls[command["call"]].setHold(pj.CallOpParam(True))

    def do_resume(self, command: Command) -> None:
        """re-INVITE sendrecv."""
        prm = pj.CallOpParam(True)
        prm.opt.flag = pj.PJSUA_CALL_UNHOLD
        self.calls[command["call"]].reinvite(prm)

    def do_request(self, command: Command) -> None:
        """A request within the call's dialog."""
        prm = pj.CallSendRequestParam()
        prm.method = command["method"]
        self.calls[command["call"]].sendRequest(prm)

    def do_update(self, command: Command) -> None:
        """UPDATE with a new offer (RFC 3311)."""
        self.calls[command["call"]].update(pj.CallOpParam(True))

    def do_transfer(self, command: Command) -> None:
        """REFER."""
        uri = f"<sip:{command['number']}@{self.line['server']}>"
        self.calls[command["call"]].xfer(uri, pj.CallOpParam(True))

    def do_transfer_to(self, command: Command) -> None:
        """REFER with Replaces."""
        self.calls[command["call"]].xferReplaces(self.calls[command["other"]], pj.CallOpParam(True))

    def do_digits(self, command: Command) -> None:
        """RFC 4733 events."""
        self.calls[command["call"]].dialDtmf(command["digits"])

    def do_record(self, command: Command) -> None:
        """What a call hears goes into a file from now on."""
        recorder = pj.AudioMediaRecorder()
        recorder.createRecorder(command["file"])
        self.calls[command["call"]].getAudioMedia(-1).startTransmit(recorder)
        self.recorders.append(recorder)

    def do_recorded(self, command: Command) -> None:
        """The file is complete."""
        self.recorders.pop()

    def do_count(self, command: Command) -> int:
        """How many calls the phone has."""
        return sum(bool(call.isActive()) for call in self.calls)

    def run(self) -> None:
        """Until standard input ends."""
        waiting = b""
        while True:
            self.endpoint.libHandleEvents(TURN_MS)
            if not select.select([0], [], [], 0)[0]:
                continue
            arrived = os.read(0, 65536)
            if not arrived:
                return
            *lines, waiting = (waiting + arrived).split(b"\n")
            for line in lines:
                self._obey(json.loads(line))

    def _obey(self, command: Command) -> None:
        try:
            result = getattr(self, f"do_{command['do']}")(command)
        except pj.Error as error:
            tell("answer", token=command["token"], error=error.info())
        else:
            tell("answer", token=command["token"], result=result)


def _settings(log: str) -> Any:
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.maxCalls = 16
    config.medConfig.clockRate = 8000
    config.medConfig.noVad = True
    config.medConfig.ecTailLen = 0
    config.logConfig.filename = log
    config.logConfig.level = 5
    config.logConfig.consoleLevel = 0
    return config


if __name__ == "__main__":
    Phone(json.loads(sys.argv[1])).run()
    # Ending the library in order takes a second and destroys objects in an order that it does not like.
    os._exit(0)
