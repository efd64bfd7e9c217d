/** Rules of the company with a tester: what would happen to a call, asked of the code that decides. */

import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Badge, Page, Part } from "~/kit/page";
import { Tester } from "../why/imagined";

export function Rules() {
  const { t } = useTranslation();
  const { company } = useParams({ from: "/c/$company" });
  return (
    <Page title={t("nav.rules")}>
      <Part title={t("rules.tester")}>
        <Tester company={company} />
      </Part>
      <Part title={t("rules.more")} note={<Badge tone="warn">{t("person.notYet")}</Badge>}>
        <p className="vz-dim">{t("rules.moreHelp")}</p>
      </Part>
    </Page>
  );
}
