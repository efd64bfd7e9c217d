/** Events of the server: numbered, resumed after a gap. What has changed is read anew; nothing is polled. */

import type { QueryClient } from "@tanstack/react-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { connection } from "~/app/connection";
import { refresh } from "./records";

interface Fact {
  n?: number;
  number?: number;
  type: string;
  data?: Record<string, unknown>;
}

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
    };
    socket.onmessage = (message) => this.take(JSON.parse(String(message.data)) as Fact);
    socket.onclose = (event) => {
      if (this.closed || event.code === 1008 || event.code === 4401) return;
      this.heard = false;
      if (opened) connection.lost();
      this.timer = setTimeout(() => this.open(), this.wait);
      this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
    };
  }

  /** Where the stream cannot be had (an older server, a proxy that knows no web sockets) live things are asked for. */
  private ask(): void {
    if (this.heard || document.hidden) return;
    for (const key of new Set(Object.values(READS).flat()))
      this.client.invalidateQueries({ queryKey: [key, this.company] });
  }

  private take(fact: Fact): void {
    const number = fact.n ?? fact.number;
    if (number !== undefined) this.since = number;
    if (fact.type === "gap" || fact.type === "reset") {
      this.client.invalidateQueries();
      return;
    }
    if (fact.type.startsWith("record") || fact.type.startsWith("setting")) {
      const { section, id } = fact.data ?? {};
      if (typeof section === "string" && typeof id === "string") refresh(this.client, this.company, section, id);
      return;
    }
    this.gather(fact.type.split(".")[0] ?? "");
  }

  private gather(topic: string): void {
    this.due.add(topic);
    this.gathering ??= setTimeout(() => {
      this.gathering = undefined;
      for (const each of this.due)
        for (const key of READS[each] ?? READS.call ?? []) {
          this.client.invalidateQueries({ queryKey: [key, this.company] });
        }
      this.due.clear();
    }, GATHER_MS);
  }
}

/** Topic of an event -> what is read again. */
const READS: Record<string, string[]> = {
  call: ["calls", "presence", "history", "trunks"],
  presence: ["presence"],
  registration: ["presence", "registrations", "attention"],
  trunk: ["trunks", "attention"],
  alarm: ["attention"],
};

export function useEvents(company: string): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!company) return;
    const stream = new EventStream(client, company);
    return () => stream.close();
  }, [client, company]);
}
