/** Asking where a call would go: the very code that decides real calls answers. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { call, type Problem } from "./http";
import type { Api } from "./types";

export type Because = Api["Reason"];
export type Step = Api["Step"];
export type Explanation = Api["Told"];
export interface Overlay {
  section: string;
  id: string;
  values: Record<string, unknown>;
}
export interface Question {
  from: string;
  to: string;
  at?: string;
  assume?: string[];
  changes?: Overlay[];
}

/** Somebody outside, for previews: a number that is kept free for fiction. */
export const OUTSIDE = "+493023125000";

export function useExplain(company: string, question: Question | null) {
  return useQuery<Explanation, Problem>({
    queryKey: ["explain", company, question],
    queryFn: async ({ signal }) =>
      (await call<Explanation>("POST", `/companies/${encodeURIComponent(company)}/explain`, { body: question, signal }))
        .data,
    enabled: question !== null && Boolean(question.to),
    placeholderData: keepPreviousData,
    staleTime: 15_000,
    retry: false,
  });
}
