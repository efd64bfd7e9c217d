/** Where it leads: who would ring now, for how long, and what comes then. Asked of the code that decides. */

import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Explanation, OUTSIDE, type Question, type Step, useExplain } from "~/api/explain";
import { Icon, type IconName } from "./icons";
import { useNames } from "./names";

const ICONS: Record<string, IconName> = {
  ring: "ring",
  forward: "forward",
  announce: "speak",
  refuse: "refuse",
  run: "key",
};
export const stepIcon = (step: string): IconName => ICONS[step] ?? "arrow";

export function useStepWords(company: string): (step: Step) => string {
  const { t } = useTranslation();
  const names = useNames(company);
  return (step) => {
    const who = [...new Set(step.targets.map(names))].join(", ");
    switch (step.step) {
      case "ring":
        return step.seconds ? t("leads.ringFor", { who, seconds: Math.round(step.seconds) }) : t("leads.ring", { who });
      case "forward":
        return t("leads.forward", { who });
      case "announce":
        return t("leads.announce", { what: refusal(step.display, t) });
      case "refuse":
        return refusal(step.display, t);
      case "run":
        return t("leads.run");
      default:
        return step.step;
    }
  };
}

function refusal(display: string | null, t: ReturnType<typeof useTranslation>["t"]): string {
  const status = Number.parseInt(display ?? "", 10);
  if (status === 486 || status === 600) return t("leads.busy");
  if (status === 480 || status === 408) return t("leads.away");
  if (status === 404 || status === 484) return t("leads.nobody");
  if (status === 403 || status === 603 || status === 433) return t("leads.denied");
  return t("leads.ends");
}

/** The steps on one line. */
export function Hops({ company, told }: { company: string; told: Explanation }) {
  const words = useStepWords(company);
  const { t } = useTranslation();
  const steps = told.plan.filter((step) => step.step !== "forward" || told.plan.length === 1);
  return (
    <span className="vz-leads">
      {steps.map((step, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: steps have no other name
        <span key={index} className="vz-leads">
          {index > 0 && <span aria-hidden="true">→</span>}
          <span className="vz-hop" data-step={step.step}>
            <Icon name={stepIcon(step.step)} size={12} />
            {words(step)}
          </span>
        </span>
      ))}
      {!steps.length && t("leads.nowhere")}
    </span>
  );
}

/** Rows that only fly by are not asked for. */
const SETTLED_MS = 150;

function useSettled(): boolean {
  const [due, setDue] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setDue(true), SETTLED_MS);
    return () => clearTimeout(timer);
  }, []);
  return due;
}

export function LeadsTo({
  company,
  to,
  from = OUTSIDE,
  assume,
  at,
  why = true,
}: {
  company: string;
  to: string;
  from?: string;
  assume?: string[];
  at?: string;
  why?: boolean;
}) {
  const { t } = useTranslation();
  const due = useSettled();
  const { data, error, isPending } = useExplain(company, due ? { from, to, assume, at } : null);
  if (isPending) return <span className="vz-dim">…</span>;
  if (error || !data) return <span className="vz-dim">{t("leads.unknown")}</span>;
  return (
    <>
      <Hops company={company} told={data} />
      {why && (
        <Link to="/c/$company/why" params={{ company }} search={{ from, to }}>
          {t("leads.why")}
        </Link>
      )}
    </>
  );
}

/** What a change would make of it, before it is saved. */
export function Difference({ company, now, then }: { company: string; now: Question; then: Question }) {
  const { t } = useTranslation();
  const before = useExplain(company, now);
  const after = useExplain(company, then);
  if (!before.data || !after.data) return <span className="vz-dim">{after.error ? after.error.message : "…"}</span>;
  return (
    <div className="vz-diff">
      <span className="vz-dim">{t("leads.now")}</span>
      <Hops company={company} told={before.data} />
      <span className="vz-dim">{t("leads.then")}</span>
      <Hops company={company} told={after.data} />
    </div>
  );
}
