"""The SMTP receiver: a loop of the worker that takes mail to the desk's addresses, when a port is set for it."""

import asyncio
import functools
import logging
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from chassis.causation import Cause, because
from chassis.db import Database, is_transient
from chassis.service import Runtime
from engines.attachments import storage
from service_desk import enclosures, mail_intake, mails, settings
from service_desk.mail_intake import TooManyMails
from service_desk.settings import Settings

log = logging.getLogger(__name__)
MOST_RECIPIENTS = 50


class Desk:
    """Answers of the SMTP conversation (RFC 5321): 250 only once the mail is committed, so that none is ever lost."""

    def __init__(self, database: Database, given: Settings):
        self.database = database
        self.settings = given

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Only the desk's own addresses, with or without a +tag."""
        local, _at, domain = address.lower().rpartition("@")
        if f"{local.partition('+')[0]}@{domain}" not in self.settings.own_addresses:
            return "550 5.1.1 No such mailbox here"
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Read and store the mail in a thread of its own."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        sender = (envelope.mail_from or "").strip("<> ")  # <> is the sender of bounces
        return await asyncio.get_running_loop().run_in_executor(None, functools.partial(self.take, content, sender))

    def take(self, content: bytes, sender: str) -> str:
        """One mail in one transaction, after its files were stored; the answer says whether to try again."""
        try:
            mail = mails.read(content, envelope_from=sender)
            files = self._files(mail)
            with because(Cause(origin="mail")), self.database.transaction() as session:
                outcome = mail_intake.take_in(session, mail, settings=self.settings, files=files)
        except TooManyMails:
            return "451 4.7.1 Too many mails, try again later"
        except Exception as error:
            if not is_transient(error):
                log.exception("a mail could not be taken in")
            return "451 4.3.0 Try again later"
        log.info("mail received", extra={"outcome": outcome})
        return "250 2.0.0 Taken"

    def _files(self, mail: mails.Mail) -> list[enclosures.Brought]:
        """The mail's files, stored; none of a mail that will not be taken in."""
        with self.database.reading() as session:
            if not mail.attachments or mail_intake.dropped(session, mail, self.settings):
                return []
        limit = self.settings.max_upload
        return enclosures.bring_in(self.database, storage.of(self.settings), mail.attachments, limit=limit)


def receiver(database: Database, given: Settings) -> Controller:
    """The receiver, not started yet; port 0 lets the system choose one (`.port` says which once it runs)."""
    return _Receiver(
        Desk(database, given), hostname=given.mail_host, port=given.mail_port, data_size_limit=given.mail_max_bytes,
        ident="CRM desk", enable_SMTPUTF8=True, decode_data=False,
    )  # fmt: skip


class _Receiver(Controller):
    def _trigger_server(self) -> None:
        """Learn the port the system chose before the base class tries the connection."""
        sockets: Any = getattr(self.server, "sockets", None)
        if sockets:
            self.port = sockets[0].getsockname()[1]
        super()._trigger_server()


def receive(runtime: Runtime) -> None:
    """The worker's loop: serve until it stops; without a port there is nothing to do."""
    given: Any = runtime.settings
    settings.use(given)
    if not given.mail_port:
        return
    server = receiver(runtime.database, given)
    server.start()
    log.info("receiving mail", extra={"port": server.port})
    try:
        runtime.stopping.wait()
    finally:
        server.stop()
