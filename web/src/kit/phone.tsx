/** Numbers: grouped for reading, copied in E.164. */

import { useTranslation } from "react-i18next";
import { say } from "~/app/undo";

const GERMAN_AREAS = /^(30|40|69|89|1[67]\d|15\d{2}|[2-9]\d{2,3}?)(?=\d{3})/;

/** +498999998100 as +49 89 99998100. Only the shape changes: digits stay as they are. */
export function phone(number: string | null | undefined): string {
  if (!number) return "";
  if (!number.startsWith("+49"))
    return number.replace(/^(\+\d{1,3}?)(\d{2,4}?)(\d{4,})$/, number.startsWith("+1") ? "+1 $2 $3" : "$1 $2 $3");
  const rest = number.slice(3);
  const area = GERMAN_AREAS.exec(rest)?.[1] ?? rest.slice(0, 3);
  return `+49 ${area} ${rest.slice(area.length)}`.trim();
}

export function PhoneNumber({ number, label }: { number: string; label?: string }) {
  const { t } = useTranslation();
  const copy = async () => {
    await navigator.clipboard.writeText(number);
    say(t("phone.copied", { number: phone(number) }));
  };
  return (
    <span className="vz-phone">
      <button type="button" className="vz-plain vz-mono" title={t("phone.copy")} onClick={copy}>
        {phone(number)}
      </button>
      {label && <span className="vz-dim">{label}</span>}
    </span>
  );
}
