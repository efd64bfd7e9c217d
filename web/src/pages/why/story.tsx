/** Why a call went where it went: a short story first, the rules second. The same for calls that were and imagined ones. */

import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { type Because, type Explanation, OUTSIDE } from "~/api/explain";
import { Icon } from "~/kit/icons";
import { stepIcon, useStepWords } from "~/kit/leads";
import { useNames } from "~/kit/names";
import { Part } from "~/kit/page";
import { placeOf } from "./settings";

/** The story in whole sentences, made of what deciding said. */
export function useStory(company: string, caller?: string): (told: Explanation) => string[] {
  const { t } = useTranslation();
  const names = useNames(company);
  const words = useStepWords(company);
  return (told) => {
    const past = Boolean(told.ended);
    const { from = "", to = "" } = told.asked;
    const hidden = from === "unavailable" || from === "anonymous";
    const who = caller ?? (hidden ? t("story.someone") : from === OUTSIDE ? t("story.outside") : names(from));
    const dialled = told.because.find((each) => each.rule === "dialling" && each.params.name)?.params.name;
    const whom = dialled && !to.includes(":") ? `${dialled} (${names(to)})` : names(to);
    const found = [t(past ? "story.called" : "story.calls", { who, whom })];
    told.plan.forEach((step, index) => {
      const because = step.because.at(-1)?.text;
      const people = [...new Set(step.targets.map(names))].join(", ");
      if (step.step === "ring") {
        found.push(t(past ? "story.rang" : "story.rings", { who: people }));
        if (past && step.outcome === "answered") found.push(t("story.answered"));
        else if (past && step.outcome_text) found.push(t("story.then", { outcome: step.outcome_text }));
        else if (!past && told.plan[index + 1])
          found.push(t("story.nobody", { seconds: Math.round(step.seconds ?? 0) }));
      } else if (step.step === "forward") found.push(because ? `${because}.` : t("story.forwards", { whom: people }));
      else found.push(`${because ?? words(step)}.`);
    });
    if (told.ended?.text)
      found.push(
        t("story.ended", {
          by: names(told.ended.by),
          text: told.ended.text,
          context: told.ended.by?.includes(":") ? "by" : "self",
        }),
      );
    return found;
  };
}

/** `caller` is the name of whoever called, where it is known better than by the question. */
export function Story({ company, told, caller }: { company: string; told: Explanation; caller?: string }) {
  const story = useStory(company, caller)(told);
  return <p className="vz-story">{story.join(" ")}</p>;
}

export function Chain({ company, told }: { company: string; told: Explanation }) {
  const { t } = useTranslation();
  const words = useStepWords(company);
  return (
    <Part title={t("why.rules")}>
      <ol className="vz-chain">
        {told.plan.map((step, index) => {
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: steps have no other name
            <li key={index} data-step={step.outcome === "answered" ? "answered" : step.step}>
              <span className="vz-chainsign">
                <Icon name={stepIcon(step.step)} size={14} />
              </span>
              <strong>{words(step)}</strong>
              {step.outcome_text && <span className="vz-dim"> – {step.outcome_text}</span>}
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
          <li key={`${each.rule}${each.key}${each.setting?.path ?? ""}`}>
            {each.text}
            {place && (
              <>
                {" "}
                <Link
                  to={place.to}
                  params={{ company, id: "id" in place ? place.id : "" } as never}
                  title={each.setting?.path}
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
  const shown = new Set(
    told.plan.flatMap((step) => step.because.map((each) => `${each.key}${each.setting?.path ?? ""}`)),
  );
  const rest = told.because.filter((each) => !shown.has(`${each.key}${each.setting?.path ?? ""}`));
  if (!rest.length) return null;
  return (
    <Part title={t("why.alsoAsked")}>
      <Becauses company={company} because={rest} />
    </Part>
  );
}
