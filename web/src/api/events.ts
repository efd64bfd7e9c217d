/** Events of the server: numbered, resumed after a gap. What has changed is read anew; nothing is polled. */

import type { QueryClient } from "@tanstack/react-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { connection } from "~/app/connection";
import type { State } from "~/kit/sign";
import { stateOf } from "./live";
import { forget, refresh, sectionKey } from "./records";
import type { Api } from "./types";

type Told = Api["EventMessage"];
type Change = Api["ChangeEventData"];

/** The server says something every 15 seconds; a line that is silent for longer is dead, whatever the browser thinks. */
export const SILENT_MS = 35_000;

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** How often live things are asked for as long as no stream has ever opened. */
const ASK_MS = 4_000;
/** Many facts within a moment become one reading. */
const GATHER_MS = 150;

export class EventStream {
  private socket: WebSocket | null = null;
  private since: number | null = null;
  private wait = FIRST_WAIT_MS;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;
  private heard = false;
  private asking: ReturnType<typeof setInterval> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private readonly due = new Set<string>();
  private gathering: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly client: QueryClient,
    private readonly company: string,
  ) {
    this.open();
    this.asking = setInterval(() => this.ask(), ASK_MS);
  }

  close(): void {
    this.closed = true;
    clearInterval(this.asking);
    clearTimeout(this.timer);
    clearTimeout(this.gathering);
    clearTimeout(this.silence);
    this.socket?.close();
  }

  private open(): void {
    const query = new URLSearchParams({ company: this.company });
    if (this.since !== null) query.set("since", String(this.since));
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/v1/events?${query}`);
    this.socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.heard = true;
      this.wait = FIRST_WAIT_MS;
      connection.found();
      this.alive(socket);
    };
    socket.onmessage = (message) => {
      this.alive(socket);
      this.take(JSON.parse(String(message.data)) as Told);
    };
    const over = (code: number) => {
      socket.onmessage = socket.onclose = null;
      clearTimeout(this.silence);
      this.heard = false;
      if (this.closed || code === 1008) return;
      // The session has ended, or its rights are others: the next request says so and leads to the sign-in page.
      if (code === 4401) this.client.invalidateQueries();
      else if (opened) connection.lost();
      this.timer = setTimeout(() => this.open(), this.wait);
      this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
    };
    socket.onclose = (event) => over(event.code);
    this.dead = () => {
      socket.close();
      over(1006);
    };
  }

  private dead: () => void = () => undefined;

  private alive(socket: WebSocket): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.socket === socket && this.dead(), SILENT_MS);
  }

  /** Where the stream cannot be had (an older server, a proxy that knows no web sockets) live things are asked for. */
  private ask(): void {
    if (this.heard || document.hidden) return;
    for (const key of LIVE) this.client.invalidateQueries({ queryKey: [key, this.company] });
  }

  private take(event: Told): void {
    this.since = event.number;
    switch (event.type) {
      case "ready":
      case "heartbeat":
        return;
      case "gap":
        for (const what of event.data.load) this.again(what);
        return;
      case "presence.changed":
        this.client.setQueryData<Map<string, State>>(["presence", this.company], (known) =>
          known ? new Map(known).set(event.data.ref, stateOf(event.data.state)) : known,
        );
        return;
      case "change.removed":
        if (event.data.id) forget(this.client, this.company, event.data.section, event.data.id);
        this.gather("change");
        return;
      case "change.created":
      case "change.changed":
      case "change.many":
        this.changed(event.data);
        return;
      default:
        this.gather(event.type === "call.ended" ? "ended" : (event.type.split(".")[0] ?? ""));
    }
  }

  private changed({ section, id }: Change): void {
    if (id) refresh(this.client, this.company, section, id);
    else this.client.invalidateQueries({ queryKey: sectionKey(this.company, section) });
    this.gather("change");
  }

  private again(what: string): void {
    if (what === "records") this.client.invalidateQueries();
    else this.client.invalidateQueries({ queryKey: [LOADED[what] ?? what, this.company] });
  }

  private gather(topic: string): void {
    this.due.add(topic);
    this.gathering ??= setTimeout(() => {
      this.gathering = undefined;
      for (const each of this.due)
        for (const key of READS[each] ?? []) {
          this.client.invalidateQueries({ queryKey: [key, this.company] });
        }
      this.due.clear();
    }, GATHER_MS);
  }
}

/** Topic of an event -> what is read again. */
const READS: Record<string, string[]> = {
  call: ["calls", "trunks"],
  ended: ["calls", "trunks", "history"],
  registration: ["registrations", "attention"],
  trunk: ["trunks", "attention"],
  alarm: ["attention"],
  change: ["directory", "attention"],
};

/** What is asked for where there is no stream. */
const LIVE = ["calls", "presence", "registrations", "trunks", "attention", "history"];

/** A gap's word for what is to be read again -> our key, where they differ. */
const LOADED: Record<string, string> = { "trunk-states": "trunks" };

export function useEvents(company: string): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!company) return;
    const stream = new EventStream(client, company);
    return () => stream.close();
  }, [client, company]);
}
