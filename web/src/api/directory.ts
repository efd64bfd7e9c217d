/** Who there is, for everybody of the company: names and extensions, no settings. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type Problem, read } from "./http";
import { useSection } from "./records";
import { manages, useMe } from "./session";
import type { Api } from "./types";

export type Card = Api["Card"];

async function loadCards(company: string): Promise<Card[]> {
  let items: Card[] = [];
  let cursor: string | null = null;
  do {
    const page: Api["CardPage"] = await read<Api["CardPage"]>(`/companies/${encodeURIComponent(company)}/directory`, {
      query: { limit: 200, cursor },
    });
    items = items.concat(page.items);
    cursor = page.next;
  } while (cursor);
  return items;
}

function card(kind: string, row: { id: string; name: string; extension?: string | null }): Card {
  const { id, name, extension = null } = row;
  return { ref: `${kind}:${id}`, kind, name, extension, numbers: [], site: null, department: null, email: null };
}

/** Everybody and everything with a name. Whoever looks after the company has the records themselves already. */
export function useCards(company: string): Card[] {
  const { data: me } = useMe();
  const own = me !== undefined && !manages(me);
  const told = useQuery<Card[], Problem>({
    queryKey: ["directory", company],
    queryFn: () => loadCards(company),
    enabled: own,
  });
  const users = useSection(company, "users", !own).rows;
  const phones = useSection(company, "phones", !own).rows;
  const groups = useSection(company, "hunt_groups", !own).rows;
  const menus = useSection(company, "attendants", !own).rows;
  return useMemo(() => {
    if (own) return told.data ?? [];
    const of = (kind: string, rows: readonly { id: string; name: string }[]) => rows.map((row) => card(kind, row));
    return [...of("user", users), ...of("phone", phones), ...of("hunt", groups), ...of("attendant", menus)];
  }, [own, told.data, users, phones, groups, menus]);
}
