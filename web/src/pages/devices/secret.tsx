/** A password that is shown once, with everything that a phone asks for, and as a code to scan. */

import { Button } from "@mantine/core";
import qrcode from "qrcode-generator";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useCompany } from "~/api/company";
import type { Device } from "~/api/model";
import type { Done } from "~/api/records";
import { say } from "~/app/undo";
import { Facts } from "~/kit/page";

export interface Secret {
  device: string;
  username: string;
  password: string;
}

/** The password that a change has made, if it has made one. */
export function secretOf(done: Done<Device>): Secret | null {
  const made = done.made.find((each) => each.field === "password" && each.value);
  if (!made?.value) return null;
  return { device: done.data.id, username: made.username ?? done.data.username ?? "", password: made.value };
}

/** What a phone is told: the address of the account. Softphones that scan codes know this form. */
export function accountUri(secret: Secret, domain: string): string {
  return `sip:${secret.username}:${encodeURIComponent(secret.password)}@${domain}`;
}

export function Qr({ text, label }: { text: string; label: string }) {
  const drawn = useMemo(() => {
    const code = qrcode(0, "M");
    code.addData(text);
    code.make();
    const size = code.getModuleCount();
    let path = "";
    for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) if (code.isDark(y, x)) path += `M${x} ${y}h1v1h-1z`;
    return { size, path };
  }, [text]);
  return (
    <svg
      className="vz-qr"
      viewBox={`0 0 ${drawn.size} ${drawn.size}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <path d={drawn.path} />
    </svg>
  );
}

export function NewSecret({ company, secret }: { company: string; secret: Secret }) {
  const { t } = useTranslation();
  const domain = useCompany(company).sipDomain;
  const copy = async () => {
    await navigator.clipboard.writeText(secret.password);
    say(t("device.copied"));
  };
  return (
    <div className="vz-stack">
      <p>{t("device.once")}</p>
      <div className="vz-cards">
        <Qr text={accountUri(secret, domain)} label={t("device.qr")} />
        <div className="vz-stack">
          <Facts
            rows={[
              [t("device.username"), secret.username],
              [t("device.domain"), domain],
            ]}
          />
          <div className="vz-secret">
            <code>{secret.password}</code>
            <Button variant="subtle" size="compact-xs" onClick={copy}>
              {t("device.copy")}
            </Button>
          </div>
        </div>
      </div>
    </div>
  );
}
