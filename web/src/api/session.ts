/** Who is signed in, and signing in and out. */

import { type QueryClient, useQuery } from "@tanstack/react-query";
import { call, type Problem, provenBy, read } from "./http";

export interface Me {
  role: "provider" | "company_admin" | "site_admin" | "user";
  company: string | null;
  user: string | null;
  name: string | null;
  site: string | null;
  language: "de" | "en";
  scopes: string[] | null;
}
interface Session {
  csrf?: string;
  csrf_token?: string;
}

export const meKey = ["me"] as const;

/** The person, with the token that proves later changes to be theirs. Raises Problem 401 for a stranger. */
export async function loadMe(): Promise<Me> {
  const session = await read<Session>("/session");
  provenBy(session.csrf ?? session.csrf_token ?? "");
  return read<Me>("/me");
}

export function useMe() {
  return useQuery<Me, Problem>({ queryKey: meKey, queryFn: loadMe, staleTime: Number.POSITIVE_INFINITY, retry: false });
}

/** Everybody above a mere user sees the company's pages. */
export const manages = (me: Me | undefined): boolean => me !== undefined && me.role !== "user";
export const administers = (me: Me | undefined): boolean => me?.role === "provider" || me?.role === "company_admin";

export async function signOut(client: QueryClient): Promise<void> {
  await call("DELETE", "/session");
  provenBy("");
  client.clear();
}
