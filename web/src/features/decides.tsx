/** Who decides: the person, the site, the company or nobody yet; a lock says that it cannot be changed here. */

import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCompany } from "~/api/company";
import type { KeyInfo } from "~/api/meta";
import { Icon } from "~/kit/icons";
import { Badge } from "~/kit/page";
import type { Owner } from "./section";

export function Decides({ owner, keyInfo }: { owner: Owner; keyInfo: KeyInfo }) {
  const { t } = useTranslation();
  const { policies } = useCompany(owner.company);
  const policy = (policies as Record<string, { locked?: boolean } | undefined> | undefined)?.[keyInfo.name];
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
