/** Live is live: events move what is shown, a lost line is shown at once and heals by resuming. */

import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EventStream, SILENT_MS } from "~/api/events";
import { sectionKey } from "~/api/records";
import { connection } from "~/app/connection";

class FakeSocket {
  static all: FakeSocket[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  close() {}
  tell(number: number, type: string, data: unknown = {}) {
    this.onmessage?.({ data: JSON.stringify({ number, type, company: "c", at: "", data }) });
  }
}

const last = () => FakeSocket.all.at(-1) as FakeSocket;
let client: QueryClient;
let stream: EventStream;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
  FakeSocket.all = [];
  client = new QueryClient();
  stream = new EventStream(client, "c");
  last().onopen?.();
  last().tell(7, "ready", { resumed: false });
});
afterEach(() => {
  stream.close();
  connection.found();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("events", () => {
  it("moves presence without reading anything", () => {
    client.setQueryData(["presence", "c"], new Map([["user:bea", "free"]]));
    const asked = vi.spyOn(client, "invalidateQueries");
    last().tell(8, "presence.changed", { ref: "user:bea", state: "talking", dnd: false });
    expect(client.getQueryData<Map<string, string>>(["presence", "c"])?.get("user:bea")).toBe("talking");
    expect(asked).not.toHaveBeenCalled();
  });

  it("reads calls once for many events of a moment, and the history when one has ended", () => {
    const asked = vi.spyOn(client, "invalidateQueries");
    last().tell(8, "call.started");
    last().tell(9, "call.ringing");
    vi.advanceTimersByTime(200);
    expect(asked.mock.calls.map(([what]) => what?.queryKey?.[0])).toEqual(["calls", "trunks"]);
    last().tell(10, "call.ended");
    vi.advanceTimersByTime(200);
    expect(asked).toHaveBeenCalledWith({ queryKey: ["history", "c"] });
  });

  it("reads a section again when many of it have changed", () => {
    const asked = vi.spyOn(client, "invalidateQueries");
    last().tell(8, "change.many", { section: "users", id: null });
    expect(asked).toHaveBeenCalledWith({ queryKey: sectionKey("c", "users") });
  });

  it("takes a removed record out of its list and asks nobody for it", () => {
    const fetched = vi.fn();
    vi.stubGlobal("fetch", fetched);
    client.setQueryData(sectionKey("c", "users"), { items: [{ id: "a" }, { id: "b" }], total: 2, complete: true });
    last().tell(8, "change.removed", { section: "users", id: "a" });
    expect(client.getQueryData<{ items: unknown[] }>(sectionKey("c", "users"))?.items).toEqual([{ id: "b" }]);
    expect(fetched).not.toHaveBeenCalled();
  });

  it("shows a lost line at once and goes on after the last event", () => {
    last().tell(9, "heartbeat");
    last().onclose?.({ code: 1006 });
    expect(connection.now()).toBe("lost");
    vi.advanceTimersByTime(600);
    expect(new URL(last().url).searchParams.get("since")).toBe("9");
    last().onopen?.();
    expect(connection.now()).toBe("there");
  });

  it("gives up a line that is silent, even if the browser has not noticed", () => {
    vi.advanceTimersByTime(SILENT_MS - 1);
    expect(connection.now()).toBe("there");
    vi.advanceTimersByTime(1);
    expect(connection.now()).toBe("lost");
    vi.advanceTimersByTime(600);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it("reads again what a gap names, and no more", () => {
    const asked = vi.spyOn(client, "invalidateQueries");
    last().tell(12, "gap", { reason: "control", load: ["calls", "trunk-states"] });
    expect(asked.mock.calls.map(([what]) => what?.queryKey)).toEqual([
      ["calls", "c"],
      ["trunks", "c"],
    ]);
  });

  it("asks the server who one is when the session has ended", () => {
    const asked = vi.spyOn(client, "invalidateQueries");
    last().onclose?.({ code: 4401 });
    expect(asked).toHaveBeenCalledWith();
    expect(connection.now()).toBe("there");
  });
});
