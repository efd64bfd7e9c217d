/** Settings as sentences: forwarding and do not disturb are drawn from schema and words alone. */

import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { KeyInfo } from "~/api/meta";
import { speak } from "~/app/i18n";
import { fallbackOf, rowsOf, SaveBar, SectionRows, useDraft } from "~/features/section";

const target = { type: ["string", "null"], "x-target": true };
const onEvent = {
  type: "object",
  properties: { enabled: { type: "boolean", default: true }, to: { ...target, default: "voicemail" } },
};
const forwarding = {
  name: "forwarding",
  on: ["user"],
  acts: true,
  bare: null,
  place: "reach",
  schema: {
    $ref: "#/$defs/Forwarding",
    $defs: {
      OnEvent: onEvent,
      NoAnswer: {
        type: "object",
        properties: { ...onEvent.properties, after_s: { type: "integer", minimum: 5, maximum: 120, default: 20 } },
      },
      Forwarding: {
        type: "object",
        properties: {
          busy: { $ref: "#/$defs/OnEvent" },
          no_answer: { $ref: "#/$defs/NoAnswer" },
          selective: { type: "array", items: { $ref: "#/$defs/ForwardCriterion" } },
        },
      },
    },
  },
} as unknown as KeyInfo;
const dnd = {
  name: "dnd",
  on: ["user"],
  acts: true,
  bare: "enabled",
  place: "reach",
  schema: { type: "boolean", default: false },
} as KeyInfo;

const WORDS = {
  "page.forwarding": "Weiterleitung",
  "page.dnd": "Nicht stören",
  "set.forwarding.busy": "Ist besetzt, geht der Anruf an {to}.",
  "set.forwarding.no_answer": "Meldet sich nach {after_s} Sekunden niemand, geht der Anruf an {to}.",
  "set.dnd": "Es klingelt nicht.",
};
const told = { asked: { from: "", to: "", at: "" }, because: [], plan: [], story: [] };
const record = { id: "anna", name: "Anna", forwarding: { busy: { enabled: false } } };

/** Requests of the test, newest last. */
let sent: { method: string; path: string; body: unknown }[] = [];

function answer(path: string): unknown {
  if (path.includes("/texts/")) return WORDS;
  if (path.includes("/explain")) return told;
  if (path.endsWith("/me")) return { role: "company_admin", company: "m", user: "anna", language: "de" };
  if (path.includes("/session")) return { csrf: "x" };
  if (path.endsWith("/users/anna")) return { record, committed: true, revision: 2, changes: [], notes: [], made: [] };
  return { items: [], next: null, total: 0 };
}

beforeEach(() => {
  sent = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const path = String(url).split("?")[0] ?? "";
    sent.push({ method: init.method ?? "GET", path, body: init.body ? JSON.parse(String(init.body)) : undefined });
    return new Response(JSON.stringify(answer(path)), { status: 200, headers: { ETag: '"1"' } });
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function Shown({ info }: { info: KeyInfo }) {
  const owner = { company: "m", section: "users" as const, kind: "user" as const, id: "anna", record };
  const draft = useDraft(owner, info);
  return (
    <>
      <SectionRows owner={owner} keyInfo={info} draft={draft} leads={false} />
      <SaveBar owner={owner} draft={draft} preview={false} />
    </>
  );
}

function show(info: KeyInfo) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  for (const language of ["de", "en"]) client.setQueryData(["texts", language], WORDS);
  return render(
    <MantineProvider>
      <QueryClientProvider client={client}>
        <Shown info={info} />
      </QueryClientProvider>
    </MantineProvider>,
  );
}

const patches = () => sent.filter((each) => each.method === "PATCH").map((each) => each.body);

describe("a feature's settings", () => {
  it("become rows: one for each part with fields, one for a plain yes or no, none for a list of rules", () => {
    expect(rowsOf(forwarding).map((row) => row.text)).toEqual(["set.forwarding.busy", "set.forwarding.no_answer"]);
    expect(rowsOf(dnd)).toMatchObject([{ text: "set.dnd", switch: ["dnd"] }]);
  });

  it("stand for their defaults where the record says nothing", () => {
    expect(fallbackOf(forwarding, ["forwarding", "no_answer", "after_s"])).toBe(20);
    expect(fallbackOf(forwarding, ["forwarding", "busy", "to"])).toBe("voicemail");
    expect(fallbackOf(dnd, ["dnd"])).toBe(false);
  });

  it("switch at once", async () => {
    show(dnd);
    fireEvent.click(await screen.findByRole("switch", { name: "Es klingelt nicht." }));
    await waitFor(() => expect(patches()).toEqual([{ dnd: true }]));
  });

  it("keep numbers until they are saved, within their limits", async () => {
    show(forwarding);
    const field = await screen.findByRole("textbox");
    fireEvent.change(field, { target: { value: "300" } });
    fireEvent.blur(field);
    expect(patches()).toEqual([]);
    fireEvent.click(await screen.findByRole("button", { name: "Sichern" }));
    await waitFor(() => expect(patches()).toEqual([{ forwarding: { no_answer: { after_s: 120 } } }]));
  });

  it("show what the record says and what the default is", async () => {
    show(forwarding);
    const switches = await screen.findAllByRole("switch");
    expect(switches.map((each) => (each as HTMLInputElement).checked)).toEqual([false, true]);
    expect(screen.getAllByRole("button", { name: /die Sprachbox/ })).toHaveLength(2);
  });

  it("speak English too", async () => {
    await speak("en", false);
    show(forwarding);
    expect(await screen.findAllByRole("button", { name: /the mailbox/ })).toHaveLength(2);
    await speak("de", false);
  });
});
