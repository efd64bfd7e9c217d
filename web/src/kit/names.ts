/** Names of what a setting or an explanation points to: `user:anna`, `device:anna-tisch`, `+4989…`. */

import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useCards } from "~/api/directory";
import type { Named } from "~/api/live";
import { useSection } from "~/api/records";
import { phone } from "./phone";

/** A function from a reference to words; what is not known is shown as it is. */
export function useNames(company: string): (ref: string | null | undefined) => string {
  const { t } = useTranslation();
  const cards = useCards(company);
  const devices = useSection(company, "devices").byId;
  return useMemo(() => {
    const known = new Map(cards.map((each) => [each.ref, each.name]));
    const ofDevice = (id: string): string => {
      const found = devices.get(id);
      if (!found) return id.startsWith("trunk:") ? (id.split(":")[1] ?? id) : id;
      const name = known.get(found.owner) ?? found.owner;
      return found.name ? `${name} (${found.name})` : name;
    };
    return (ref) => {
      if (!ref) return "";
      if (ref === "voicemail") return t("target.voicemail");
      if (ref === "hang_up") return t("target.hangUp");
      if (ref === "anonymous") return t("target.anonymous");
      if (ref === "unavailable") return t("target.unavailable");
      if (ref.startsWith("+")) return phone(ref);
      const kind = ref.slice(0, ref.indexOf(":"));
      const id = ref.slice(ref.indexOf(":") + 1);
      if (kind === "device") return ofDevice(id);
      if (kind === "number") return phone(id);
      if (kind === "voicemail") return t("target.voicemailOf", { name: known.get(`user:${id}`) ?? id });
      return known.get(ref) ?? id;
    };
  }, [cards, devices, t]);
}

/** Somebody of a call, as the server has named them. */
export function useWho(): (named: Named | null | undefined) => string {
  const { t } = useTranslation();
  return (named) =>
    named?.name || (named?.number?.startsWith("+") ? phone(named.number) : named?.number) || t("target.unavailable");
}
