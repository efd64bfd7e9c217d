/** The company's name and time zone. Whoever is a mere user learns the name only; times are the browser's then. */

import { useQuery } from "@tanstack/react-query";
import { type Problem, read } from "./http";
import { useRecord } from "./records";
import { manages, useMe } from "./session";
import type { Api } from "./types";

export function useCompany(company: string) {
  const { data: me } = useMe();
  const whole = useRecord(company, "company", manages(me) ? company : "").data?.data;
  const mine = useQuery<Api["CompanySummary"][], Problem>({
    queryKey: ["companies"],
    queryFn: () => read<Api["CompanySummary"][]>("/companies"),
    enabled: me !== undefined && !manages(me),
  });
  const name = whole?.name ?? mine.data?.find((each) => each.id === company)?.name ?? company;
  return {
    name,
    timezone: whole?.timezone,
    sipDomain: whole?.sip_domain ?? location.hostname,
    policies: whole?.policies,
  };
}
