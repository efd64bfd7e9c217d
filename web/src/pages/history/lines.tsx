/** Calls that were, as lines: who with whom, when, how it went; each leads to its why. */

import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCompany } from "~/api/company";
import { type PastCall, seconds } from "~/api/live";
import { useWho } from "~/kit/names";
import { lasted, useWhen } from "~/kit/when";
import { Outcome } from "./outcome";

export function CallLines({ company, calls, of }: { company: string; calls: PastCall[]; of?: string }) {
  const { t } = useTranslation();
  const who = useWho();
  const when = useWhen(useCompany(company).timezone);
  return (
    <ul className="vz-lines">
      {calls.map((each) => {
        const out = each.from.ref === of;
        return (
          <li key={each.id}>
            <Outcome call={each} of={of} />
            <span className="vz-grow">
              {of
                ? out
                  ? t("history.to", { who: who(each.to) })
                  : t("history.from", { who: who(each.from) })
                : `${who(each.from)} → ${who(each.to)}`}
            </span>
            <span className="vz-dim vz-mono">{each.answered ? lasted(each.seconds) : ""}</span>
            <Link className="vz-dim vz-mono" to="/c/$company/history/$id" params={{ company, id: each.id }}>
              {when.short(seconds(each.started))}
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
