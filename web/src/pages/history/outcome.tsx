/** How a call went: shape and word. */

import { useTranslation } from "react-i18next";
import type { PastCall } from "~/api/live";
import { Badge } from "~/kit/page";

const TONES: Record<string, "ok" | "warn" | "bad" | "plain"> = { answered: "ok", busy: "warn", failed: "bad" };

export function Outcome({ call, of }: { call: PastCall; of?: string }) {
  const { t } = useTranslation();
  const missed = !call.answered && of !== undefined && call.from.ref !== of;
  const tone = call.answered ? "ok" : missed ? "warn" : (TONES[call.outcome] ?? "plain");
  return <Badge tone={tone}>{missed ? t("outcome.missed") : call.outcome_text || call.outcome}</Badge>;
}
