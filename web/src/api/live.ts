/** What lives: calls, presence, registrations, trunks, alarms, and the calls that were. Events keep it current. */

import { type InfiniteData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { STATES, type State } from "~/kit/sign";
import { type Problem, read } from "./http";

const of = (company: string) => `/companies/${encodeURIComponent(company)}`;
interface Listed<T> {
  items: T[];
  next?: string | null;
  total?: number;
}

export interface Party {
  who: string;
  device: string | null;
  ringing: boolean;
  held: boolean;
  codec: string | null;
}
export interface LiveCall {
  id: string;
  from: string;
  to: string;
  state: string;
  direction?: string;
  trunk?: string;
  parties: Party[];
  started: number;
  answered: number | null;
}
export interface PastCall {
  id: string;
  from: string;
  to: string;
  answered_by: string | null;
  outcome: string;
  direction?: string;
  trunk?: string;
  started: number;
  answered: number | null;
  ended: number;
  [more: string]: unknown;
}
export interface Registration {
  device: string;
  contacts: {
    uri?: string;
    user_agent?: string;
    transport?: string;
    expires_s?: number;
    since?: number;
    address?: string;
  }[];
}
export interface TrunkState {
  trunk: string;
  kind: string;
  up: boolean;
  why: string;
  registered_s: number | null;
  servers: number;
  alive: number;
  calls: Record<string, number>;
}

export function useLiveCalls(company: string) {
  return useQuery<LiveCall[], Problem>({
    queryKey: ["calls", company],
    queryFn: async () => items(await read<Listed<LiveCall> | LiveCall[]>(`${of(company)}/calls`)),
  });
}

const items = <T>(answer: Listed<T> | T[]): T[] => (Array.isArray(answer) ? answer : answer.items);

/** Reference -> what it is doing. */
export function usePresence(company: string) {
  return useQuery<Map<string, State>, Problem>({
    queryKey: ["presence", company],
    queryFn: async () => {
      const rows = items(
        await read<
          Listed<{ ref?: string; who?: string; state: string }> | { ref?: string; who?: string; state: string }[]
        >(`${of(company)}/presence`),
      );
      return new Map(rows.map((row) => [row.ref ?? row.who ?? "", stateOf(row.state)]));
    },
  });
}

export function stateOf(word: string): State {
  if (word === "idle") return "free";
  return (STATES as readonly string[]).includes(word) ? (word as State) : "unknown";
}

export function useRegistrations(company: string) {
  return useQuery<Map<string, Registration>, Problem>({
    queryKey: ["registrations", company],
    queryFn: async () => {
      const rows = items(await read<Listed<Registration> | Registration[]>(`${of(company)}/registrations`));
      return new Map(rows.map((row) => [row.device, row]));
    },
  });
}

export function useTrunkStates(company: string) {
  return useQuery<Map<string, TrunkState>, Problem>({
    queryKey: ["trunks", company],
    queryFn: async () => {
      const rows = items(await read<Listed<TrunkState> | TrunkState[]>(`${of(company)}/trunks/states`));
      return new Map(rows.map((row) => [row.trunk, row]));
    },
  });
}

export function useHistory(company: string, filter: { user?: string; q?: string } = {}) {
  return useInfiniteQuery<Listed<PastCall>, Problem, InfiniteData<Listed<PastCall>>, readonly unknown[], string | null>(
    {
      queryKey: ["history", company, filter],
      queryFn: ({ pageParam }) =>
        read<Listed<PastCall>>(`${of(company)}/history`, { query: { ...filter, cursor: pageParam, limit: 100 } }),
      initialPageParam: null,
      getNextPageParam: (last) => last.next ?? null,
    },
  );
}
