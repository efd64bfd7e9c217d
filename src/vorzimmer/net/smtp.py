"""Mail out over any SMTP server: STARTTLS, TLS from the start, or plain inside the house.

This module must never let a name become a header of its own, log an address, or send a password unencrypted beyond
this computer.
"""

import ssl
from collections.abc import Callable
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Final

import aiosmtplib

from vorzimmer.accounts.letters import Mail, MailFailedError
from vorzimmer.net.mail_server import SmtpServer

TIMEOUT_S: Final = 30.0


class SmtpMailer:
    """Sends one mail after another, each over a connection of its own. `wall` is the aware time."""

    def __init__(self, server: SmtpServer, wall: Callable[[], datetime]) -> None:
        self._server = server
        self._wall = wall
        self._context = ssl.create_default_context(cafile=server.authorities or None)

    async def send(self, mail: Mail) -> None:
        """Hand it over; raises MailFailedError, for good where the server will never take it."""
        server = self._server
        message = self._message(mail)
        try:
            await aiosmtplib.send(
                message,
                sender=parseaddr(server.sender)[1],
                recipients=[mail.to],
                hostname=server.host,
                port=server.port,
                username=server.login or None,
                password=server.password or None,
                use_tls=server.security == "tls",
                start_tls=server.security == "starttls",
                tls_context=self._context if server.security != "none" else None,
                timeout=TIMEOUT_S,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [each.code for each in error.recipients]
            raise MailFailedError(f"recipient refused ({codes[0]})", for_good=min(codes) >= 500) from None
        except aiosmtplib.SMTPResponseException as error:
            raise MailFailedError(f"the mail server says {error.code}") from None
        except (TimeoutError, aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise MailFailedError(f"{type(error).__name__}") from None

    def _message(self, mail: Mail) -> EmailMessage:
        name, address = parseaddr(self._server.sender)
        message = EmailMessage(policy=SMTP)
        try:
            message["From"] = Address(display_name=name, addr_spec=address)
            message["To"] = Address(addr_spec=mail.to)
            message["Subject"] = mail.subject
        except (ValueError, IndexError, MessageError):
            raise MailFailedError("not a mail address", for_good=True) from None
        message["Date"] = format_datetime(self._wall())
        message["Message-ID"] = f"<{mail.ident}@{address.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text, charset="utf-8", cte="quoted-printable")
        message.add_alternative(mail.html, subtype="html", charset="utf-8", cte="quoted-printable")
        return message
