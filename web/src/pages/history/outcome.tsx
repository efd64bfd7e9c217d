/** How a call went: shape and word. */

import { useTranslation } from "react-i18next";
import type { PastCall } from "~/api/live";
import { Badge } from "~/kit/page";

const TONES = { answered: "ok", missed: "warn", busy: "warn", cancelled: "plain", failed: "bad" } as const;

export function kindOf(call: PastCall): keyof typeof TONES {
  if (call.answered || call.outcome === "answered") return "answered";
  if (call.outcome.includes("busy")) return "busy";
  if (call.outcome.includes("cancel") || call.outcome.includes("caller")) return "missed";
  if (call.outcome.includes("no answer") || call.outcome.includes("no_answer") || call.outcome === "missed")
    return "missed";
  return "failed";
}

export function Outcome({ call, of }: { call: PastCall; of?: string }) {
  const { t } = useTranslation();
  const kind = kindOf(call);
  const word = of && call.from === of && kind === "missed" ? t("outcome.unanswered") : t(`outcome.${kind}`);
  return <Badge tone={TONES[kind]}>{word}</Badge>;
}
