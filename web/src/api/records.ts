/** A company's records in the form of its file, loaded once and kept current by events.
 *
 * A section is loaded page by page; the first page is shown at once. So a list of 10,000 people searches and sorts
 * without asking the server.
 */

import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { type Answer, type Ask, call, type Problem } from "./http";
import type { Sections } from "./model";

export type SectionName = keyof Sections;
export interface Loaded<T> {
  items: T[];
  total: number;
  complete: boolean;
}
interface Page<T> {
  items: T[];
  next: string | null;
  total: number;
}

const PAGE = 200;
/** Pages between two drawings while the rest of a long list comes in. */
const STRIDE = 10;

export const sectionKey = (company: string, section: string) => ["section", company, section] as const;
export const recordKey = (company: string, section: string, id: string) => ["record", company, section, id] as const;

const base = (company: string, section: string) => `/companies/${encodeURIComponent(company)}/${section}`;
const place = (company: string, section: string, id: string) =>
  section === "company"
    ? `/companies/${encodeURIComponent(company)}`
    : `${base(company, section)}/${encodeURIComponent(id)}`;

/** A secret that was made up: told once. */
export interface Made {
  ref: string;
  field: string;
  value: string | null;
  username: string | null;
}
interface Changed<T> {
  record: T | null;
  committed: boolean;
  revision: number;
  changes: string[];
  notes: string[];
  made: Made[];
}
export interface Done<T> extends Answer<T> {
  made: Made[];
}

async function ask<T>(method: string, path: string, how: Ask): Promise<Done<T>> {
  const answer = await call<Changed<T>>(method, path, how);
  return { ...answer, data: answer.data?.record as T, made: answer.data?.made ?? [] };
}

/** A load goes on when its page is left: half a list must never pass for a whole one. */
async function loadAll<T>(client: QueryClient, company: string, section: string) {
  let items: T[] = [];
  let cursor: string | null = null;
  for (let page = 0; ; page++) {
    const query: Record<string, string | number | null> = { limit: PAGE, cursor };
    const got: Page<T> = (await call<Page<T>>("GET", base(company, section), { query })).data;
    items = items.concat(got.items);
    cursor = got.next;
    if (!cursor) return { items, total: items.length, complete: true };
    const key = sectionKey(company, section);
    const shown = client.getQueryData<Loaded<T>>(key);
    if (page % STRIDE === 0 && !shown?.complete) {
      client.setQueryData<Loaded<T>>(key, { items, total: got.total, complete: false });
    }
  }
}

export function useSection<K extends SectionName>(company: string, section: K, enabled = true) {
  type T = Sections[K];
  const client = useQueryClient();
  const query = useQuery<Loaded<T>, Problem>({
    queryKey: sectionKey(company, section),
    queryFn: () => loadAll<T>(client, company, section),
    enabled: enabled && company !== "",
    structuralSharing: false,
  });
  const byId = useMemo(() => new Map((query.data?.items ?? []).map((row) => [row.id, row])), [query.data]);
  return { ...query, rows: query.data?.items ?? [], total: query.data?.total ?? 0, byId };
}

export function useRecord<K extends SectionName>(company: string, section: K, id: string) {
  return useQuery<Answer<Sections[K]>, Problem>({
    queryKey: recordKey(company, section, id),
    queryFn: ({ signal }) => call<Sections[K]>("GET", place(company, section, id), { signal }),
    enabled: company !== "" && id !== "",
  });
}

/** Put what the server answered into the record and into its list, so that nothing has to be loaded again. */
function settle<T extends { id: string }>(client: QueryClient, at: [string, string, string], answer: Answer<T> | null) {
  const [company, section, id] = at;
  if (answer) client.setQueryData(recordKey(company, section, id), answer);
  else client.removeQueries({ queryKey: recordKey(company, section, id) });
  client.setQueryData<Loaded<T>>(sectionKey(company, section), (list) => {
    if (!list) return list;
    const others = list.items.filter((row) => row.id !== id);
    const known = list.items.findIndex((row) => row.id === id);
    if (!answer) return { ...list, items: others, total: others.length };
    const items = known < 0 ? [...list.items, answer.data] : list.items.with(known, answer.data);
    return { ...list, items, total: items.length };
  });
  client.invalidateQueries({ queryKey: ["explain", company] });
  client.invalidateQueries({ queryKey: ["attention", company] });
}

/** A record is gone: nothing has to be asked. */
export function forget(client: QueryClient, company: string, section: string, id: string): void {
  settle(client, [company, section, id], null);
}

export async function refresh(client: QueryClient, company: string, section: string, id: string): Promise<void> {
  const watched =
    client.getQueryData(sectionKey(company, section)) || client.getQueryData(recordKey(company, section, id));
  if (!watched) return;
  try {
    const answer = await call<{ id: string }>("GET", place(company, section, id));
    const known = client.getQueryData<Answer<unknown>>(recordKey(company, section, id));
    if (known?.etag === answer.etag) return;
    settle(client, [company, section, id], answer);
  } catch (error) {
    if ((error as Problem).status === 404) settle(client, [company, section, id], null);
  }
}

export type Patch = Record<string, unknown>;

async function current(client: QueryClient, company: string, section: string, id: string): Promise<string | null> {
  const known = client.getQueryData<Answer<unknown>>(recordKey(company, section, id));
  if (known?.etag) return known.etag;
  return (await call("GET", place(company, section, id))).etag;
}

export function useChanges<K extends SectionName>(company: string, section: K) {
  type T = Sections[K];
  const client = useQueryClient();
  const change = useMutation<Done<T>, Problem, { id: string; patch: Patch }>({
    mutationFn: async ({ id, patch }) => {
      const match = await current(client, company, section, id);
      return ask<T>("PATCH", place(company, section, id), { body: patch, match });
    },
    onSuccess: (answer, { id }) => settle(client, [company, section, id], answer),
    onError: (problem, { id }) => {
      if (problem.status === 412) client.invalidateQueries({ queryKey: recordKey(company, section, id) });
    },
  });
  const create = useMutation<Done<T>, Problem, Patch>({
    mutationFn: (body) => ask<T>("POST", base(company, section), { body, once: true }),
    onSuccess: (answer) => settle(client, [company, section, answer.data.id], answer),
  });
  const remove = useMutation<void, Problem, string>({
    mutationFn: async (id) => {
      const match = await current(client, company, section, id);
      await call("DELETE", place(company, section, id), { match });
    },
    onSuccess: (_, id) => settle<T>(client, [company, section, id], null),
  });
  return { change, create, remove };
}
