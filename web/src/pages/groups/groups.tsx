/** Groups of the company. What can be set down already but does not act yet says so. */

import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMeta } from "~/api/meta";
import type { Group } from "~/api/model";
import { type SectionName, useSection } from "~/api/records";
import { Badge, Page, Part } from "~/kit/page";
import { Empty, Failed, Waiting } from "~/kit/states";

const KINDS = [
  "hunt_groups",
  "pickup_groups",
  "park_groups",
  "park_extensions",
  "paging_groups",
  "instant_groups",
  "attendants",
] as const;

export function Groups() {
  const { t } = useTranslation();
  const { company } = useParams({ from: "/c/$company" });
  return (
    <Page title={t("nav.groups")}>
      <p className="vz-dim">{t("groups.help")}</p>
      {KINDS.map((section) => (
        <Kind key={section} company={company} section={section} />
      ))}
    </Page>
  );
}

function Kind({ company, section }: { company: string; section: (typeof KINDS)[number] & SectionName }) {
  const { t } = useTranslation();
  const groups = useSection(company, section);
  const acts = useMeta().data?.kinds.find((kind) => kind.section === section)?.acts ?? true;
  return (
    <Part title={t(`groups.${section}`)} note={!acts && <Badge tone="warn">{t("person.notYet")}</Badge>}>
      {groups.isPending ? (
        <Waiting />
      ) : groups.error ? (
        <Failed error={groups.error} again={groups.refetch} />
      ) : groups.rows.length ? (
        <ul className="vz-lines">
          {(groups.rows as Group[]).map((each) => (
            <li key={each.id}>
              <span className="vz-grow">{each.name}</span>
              {each.members && <span className="vz-dim">{t("groups.members", { count: each.members.length })}</span>}
              <span className="vz-mono">{each.extension}</span>
            </li>
          ))}
        </ul>
      ) : (
        <Empty title={t("groups.none")} />
      )}
    </Part>
  );
}
