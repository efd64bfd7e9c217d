/** Who decides: the person, the site, the company or nobody yet; a lock says that it cannot be changed here. */

import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { KeyInfo } from "~/api/meta";
import { useRecord } from "~/api/records";
import { Icon } from "~/kit/icons";
import { Badge } from "~/kit/page";
import type { Owner } from "./section";

export function Decides({ owner, keyInfo }: { owner: Owner; keyInfo: KeyInfo }) {
  const { t } = useTranslation();
  const company = useRecord(owner.company, "company", owner.company).data?.data;
  const policy = (company?.policies as Record<string, { locked?: boolean } | undefined> | undefined)?.[keyInfo.name];
  if (policy?.locked) {
    return (
      <Link className="vz-badge" data-tone="warn" to="/c/$company/settings" params={{ company: owner.company }}>
        <Icon name="lock" size={12} />
        {t("decides.locked")}
      </Link>
    );
  }
  const own = owner.record[keyInfo.name] !== undefined;
  return (
    <Badge title={own ? t("decides.ownHelp") : t("decides.defaultHelp")}>
      {own ? t("decides.own") : t("decides.default")}
    </Badge>
  );
}
