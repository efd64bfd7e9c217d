/** Why a call went where it went: a short story first, the rules second. The same for calls that were and imagined ones. */

import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Because, Explanation, Step } from "~/api/explain";
import { Icon } from "~/kit/icons";
import { stepIcon, useStepWords } from "~/kit/leads";
import { useNames } from "~/kit/names";
import { Part } from "~/kit/page";
import { placeOf } from "./settings";

/** What came of a step, in the words of deciding: `no_answer`, `busy`, `answered` … */
export function outcomeOf(step: Step): string {
  const outcome = step.outcome as { type?: string; kind?: string; outcome?: string } | string | null | undefined;
  if (!outcome) return "";
  if (typeof outcome === "string") return outcome;
  return outcome.type ?? outcome.kind ?? outcome.outcome ?? "";
}

const KNOWN = ["answered", "no_answer", "busy", "declined", "unreachable", "cancelled", "failed", "done"] as const;
type Known = (typeof KNOWN)[number];
const known = (word: string): Known | null => ((KNOWN as readonly string[]).includes(word) ? (word as Known) : null);

export function useStory(company: string): (told: Explanation) => string[] {
  const { t } = useTranslation();
  const names = useNames(company);
  const words = useStepWords(company);
  return (told) => {
    const past = told.ended !== undefined;
    const who =
      told.asked.from === "unavailable" || told.asked.from === "anonymous"
        ? t("story.someone")
        : names(told.asked.from);
    const found = [t(past ? "story.called" : "story.calls", { who, whom: names(told.asked.to) })];
    told.plan.forEach((step, index) => {
      const because = step.because.at(-1)?.text;
      const people = [...new Set(step.targets.map(names))].join(", ");
      if (step.step === "ring") {
        found.push(t(past ? "story.rang" : "story.rings", { who: people }));
        const outcome = known(outcomeOf(step));
        const next = told.plan[index + 1];
        if (past && outcome) found.push(t(`story.${outcome}`, { who: people }));
        else if (!past && next) found.push(t("story.nobody", { seconds: Math.round(step.seconds ?? 0) }));
      } else if (step.step === "forward") found.push(because ? `${because}.` : t("story.forwards", { whom: people }));
      else if (because) found.push(`${because}.`);
      else found.push(`${words(step)}.`);
    });
    if (told.ended?.text) found.push(`${told.ended.text}.`);
    return found;
  };
}

export function Story({ company, told }: { company: string; told: Explanation }) {
  const story = useStory(company)(told);
  return <p className="vz-story">{story.join(" ")}</p>;
}

export function Chain({ company, told }: { company: string; told: Explanation }) {
  const { t } = useTranslation();
  const words = useStepWords(company);
  return (
    <Part title={t("why.rules")}>
      <ol className="vz-chain">
        {told.plan.map((step, index) => {
          const outcome = known(outcomeOf(step));
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: steps have no other name
            <li key={index} data-step={outcome === "answered" ? "answered" : step.step}>
              <span className="vz-chainsign">
                <Icon name={stepIcon(step.step)} size={14} />
              </span>
              <strong>{words(step)}</strong>
              {outcome && <span className="vz-dim"> – {t(`why.outcome_${outcome}`)}</span>}
              {step.display && step.step === "ring" && (
                <div className="vz-dim">{t("why.shows", { what: step.display })}</div>
              )}
              <Becauses company={company} because={step.because} />
            </li>
          );
        })}
      </ol>
    </Part>
  );
}

function Becauses({ company, because }: { company: string; because: Because[] }) {
  const { t } = useTranslation();
  return (
    <ul className="vz-because">
      {because.map((each) => {
        const place = placeOf(each.setting);
        return (
          <li key={`${each.rule}${each.key}${each.setting ?? ""}`}>
            {each.text}
            {place && (
              <>
                {" "}
                <Link
                  to={place.to}
                  params={{ company, id: "id" in place ? place.id : "" } as never}
                  title={each.setting ?? undefined}
                >
                  {t("why.setting")}
                </Link>
              </>
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** Everything that was asked on the way, also what did not act. */
export function Asked({ company, told }: { company: string; told: Explanation }) {
  const { t } = useTranslation();
  const shown = new Set(told.plan.flatMap((step) => step.because.map((each) => `${each.key}${each.setting ?? ""}`)));
  const rest = told.because.filter((each) => !shown.has(`${each.key}${each.setting ?? ""}`));
  if (!rest.length) return null;
  return (
    <Part title={t("why.alsoAsked")}>
      <Becauses company={company} because={rest} />
    </Part>
  );
}
