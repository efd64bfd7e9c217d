/** One page for setting up a phone: what to enter where, for common desk phones and softphones. */

import { NativeSelect } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCompany } from "~/api/company";
import type { Device } from "~/api/model";
import { Facts, Part } from "~/kit/page";

const KINDS = ["snom", "yealink", "poly", "cisco", "mitel", "linphone", "other"] as const;
type Kind = (typeof KINDS)[number];
/** What each maker calls the fields: server, user name, password. These words stand on the phones themselves. */
const WORDS: Record<Kind, [server: string, username: string, password: string]> = {
  snom: ["Registrar", "Account / Authentication Username", "Password"],
  yealink: ["SIP Server 1 – Server Host", "User Name / Register Name", "Password"],
  poly: ["Server 1 – Address", "Address / Authentication User ID", "Authentication Password"],
  cisco: ["Proxy", "User ID / Auth ID", "Password"],
  mitel: ["Registrar Server / Proxy Server", "Phone Number / Authentication Name", "Password"],
  linphone: ["SIP Domain", "Username", "Password"],
  other: ["SIP server / Registrar / Domain", "User name / Authentication name", "Password"],
};
const NAMES: Record<Kind, string> = {
  snom: "Snom",
  yealink: "Yealink",
  poly: "Poly",
  cisco: "Cisco MPP",
  mitel: "Mitel 6800",
  linphone: "Linphone",
  other: "",
};

export function Guide({ company, device }: { company: string; device: Device }) {
  const { t } = useTranslation();
  const [kind, setKind] = useState<Kind>(KINDS.find((each) => each === device.profile) ?? "other");
  const domain = useCompany(company).sipDomain;
  const [server, username, password] = WORDS[kind];
  return (
    <Part
      title={t("guide.title")}
      acts={
        <NativeSelect
          aria-label={t("guide.kind")}
          data={KINDS.map((value) => ({ value, label: NAMES[value] || t("guide.other") }))}
          value={kind}
          onChange={(event) => setKind(event.currentTarget.value as Kind)}
        />
      }
    >
      <p className="vz-dim">{t(`guide.where_${kind}`)}</p>
      <Facts
        rows={[
          [server, domain],
          [username, device.username],
          [password, t("guide.password")],
        ]}
      />
      <p className="vz-dim">{t("guide.after")}</p>
    </Part>
  );
}
