/** What lives: calls, presence, registrations, trunks, and the calls that were. Events keep it current. */

import { type InfiniteData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { STATES, type State } from "~/kit/sign";
import { type Problem, read } from "./http";
import type { Api } from "./types";

export type Named = Api["PastCall"]["from"];
export type LiveCall = Api["LiveCall"];
export type PastCall = Api["PastCall"];
export type Registration = Api["Registration"];
export type TrunkState = Api["TrunkState"];
type Page<T> = { items: T[]; next?: string | null };

const of = (company: string) => `/companies/${encodeURIComponent(company)}`;

/** A moment of the API in POSIX seconds. */
export const seconds = (moment: string | null | undefined): number => (moment ? Date.parse(moment) / 1000 : 0);

export function stateOf(word: string): State {
  if (word === "idle") return "free";
  if (word === "waiting") return "ringing";
  return (STATES as readonly string[]).includes(word) ? (word as State) : "unknown";
}

export function useLiveCalls(company: string) {
  return useQuery<LiveCall[], Problem>({
    queryKey: ["calls", company],
    queryFn: async () => (await read<Api["CallsNow"]>(`${of(company)}/calls`)).items,
  });
}

/** Reference -> what it is doing. */
export function usePresence(company: string) {
  return useQuery<Map<string, State>, Problem>({
    queryKey: ["presence", company],
    queryFn: async () => {
      const { items } = await read<Api["PresenceList"]>(`${of(company)}/presence`);
      return new Map(items.map((row) => [row.ref, stateOf(row.state)]));
    },
  });
}

/** Device -> its registrations. */
export function useRegistrations(company: string) {
  return useQuery<Map<string, Registration[]>, Problem>({
    queryKey: ["registrations", company],
    queryFn: async () => {
      const { items } = await read<Api["Registrations"]>(`${of(company)}/registrations`);
      const found = new Map<string, Registration[]>();
      for (const row of items) found.set(row.device, [...(found.get(row.device) ?? []), row]);
      return found;
    },
  });
}

export function useTrunkStates(company: string, enabled = true) {
  return useQuery<Map<string, TrunkState>, Problem>({
    queryKey: ["trunks", company],
    queryFn: async () => {
      const { items } = await read<Api["TrunkStates"]>(`${of(company)}/trunk-states`);
      return new Map(items.map((row) => [row.trunk, row]));
    },
    enabled,
  });
}

export interface HistoryFilter {
  person?: string;
  number?: string;
  from?: string;
}

export function useHistory(company: string, filter: HistoryFilter = {}) {
  return useInfiniteQuery<Page<PastCall>, Problem, InfiniteData<Page<PastCall>>, readonly unknown[], string | null>({
    queryKey: ["history", company, filter],
    queryFn: ({ pageParam }) =>
      read<Page<PastCall>>(`${of(company)}/history`, { query: { ...filter, cursor: pageParam, limit: 100 } }),
    initialPageParam: null,
    getNextPageParam: (last) => last.next ?? null,
  });
}
