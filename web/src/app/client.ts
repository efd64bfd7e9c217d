/** The cache of everything that was read, and what a failed reading says about the connection. */

import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import type { Problem } from "~/api/http";
import { connection } from "./connection";

function noticed(error: unknown): void {
  if ((error as Problem).status === 0) connection.lost();
}

export const client = new QueryClient({
  queryCache: new QueryCache({ onError: noticed, onSuccess: () => connection.found() }),
  mutationCache: new MutationCache({ onError: noticed, onSuccess: () => connection.found() }),
  defaultOptions: {
    queries: {
      staleTime: 60_000,
      retry: (count, error) => (error as unknown as Problem).status === 0 && count < 2,
      refetchOnWindowFocus: false,
    },
  },
});
