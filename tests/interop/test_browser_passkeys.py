"""Passkeys with a real browser: Chromium's own WebAuthn code and its virtual authenticator, against a real server."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

from tests.interop.browser import Browser
from tests.interop.server import Server

HOST = "127.0.0.1"
PASSWORD = "drei Wörter reichen"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
HELPERS = """
window.word = '';
window.ask = async (method, path, body) => {
  const headers = {'Content-Type': 'application/json', 'X-Vorzimmer-CSRF': window.word};
  const answer = await fetch('/api/v1' + path, {method, headers, body: body && JSON.stringify(body)});
  const text = await answer.text();
  const told = text ? JSON.parse(text) : {};
  if (told.csrf) window.word = told.csrf;
  return {status: answer.status, ...told};
};
window.register = async () => {
  const begun = await ask('POST', '/session/passkeys/options');
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(begun.options);
  const credential = (await navigator.credentials.create({publicKey})).toJSON();
  return ask('POST', '/session/passkeys', {ticket: begun.ticket, credential, label: 'Chromium'});
};
window.enter = async (ticket) => {
  const begun = await ask('POST', '/signin/passkey/options', ticket ? {ticket} : {});
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(begun.options);
  const credential = (await navigator.credentials.get({publicKey})).toJSON();
  return ask('POST', '/signin/passkey', {ticket: begun.ticket, credential});
};
"""


def call(name: str, *arguments: Any) -> str:
    return f"{name}({', '.join(json.dumps(each) for each in arguments)})"


def test_a_browser_registers_a_passkey_and_signs_in_with_it(tmp_path: Path) -> None:
    async def main() -> None:
        server, browser = Server(tmp_path, HOST), Browser()
        await server.start()
        try:
            found = re.search(r"/setup#([0-9a-f]{64})", await server.read_line())
            assert found is not None
            await browser.start()
            try:
                await _play(browser, f"http://localhost:{server.http_port}/healthz", found.group(1))
            finally:
                await browser.close()
        finally:
            await server.stop()

    asyncio.run(main())


async def _play(browser: Browser, page: str, ticket: str) -> None:
    await browser.call("WebAuthn.enable")
    await browser.call("WebAuthn.addVirtualAuthenticator", options=AUTHENTICATOR)
    await browser.call("Page.setBypassCSP", enabled=True)  # the page is a bare one; the portal's allows fetch
    await browser.open(page)
    await browser.run(HELPERS)
    body = {"ticket": ticket, "login": "root", "password": PASSWORD}
    assert (await browser.run(call("ask", "POST", "/signin/setup", body)))["role"] == "provider"
    made = await browser.run(call("register"))
    assert (made["status"], made["passkey"]["label"], len(made["recovery_codes"])) == (201, "Chromium", 10)
    assert (await browser.run("document.cookie")) == ""  # not for scripts
    await browser.run(call("ask", "DELETE", "/session"))
    assert (await browser.run(call("ask", "GET", "/session")))["status"] == 401
    assert (await browser.run(call("enter")))["method"] == "passkey"
    await browser.run(call("ask", "DELETE", "/session"))
    half = await browser.run(call("ask", "POST", "/signin/password", {"login": "root", "password": PASSWORD}))
    assert half["factors"] == ["passkey", "recovery"]
    assert (await browser.run(call("enter", half["ticket"])))["method"] == "password+passkey"
    assert (await browser.run(call("ask", "GET", "/me")))["role"] == "provider"
