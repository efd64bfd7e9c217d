/** Names of what a setting or an explanation points to: `user:anna`, `device:anna-tisch`, `+4989…`. */

import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { SectionName } from "~/api/records";
import { useSection } from "~/api/records";
import { phone } from "./phone";

export const SECTION_OF: Record<string, SectionName> = {
  user: "users",
  phone: "phones",
  device: "devices",
  hunt: "hunt_groups",
  attendant: "attendants",
  instant: "instant_groups",
  park: "park_extensions",
  site: "sites",
  department: "departments",
  schedule: "schedules",
  trunk: "trunks",
};

/** A function from a reference to words; what is not known is shown as it is. */
export function useNames(company: string): (ref: string | null | undefined) => string {
  const { t } = useTranslation();
  const users = useSection(company, "users").byId;
  const phones = useSection(company, "phones").byId;
  const devices = useSection(company, "devices").byId;
  const groups = useSection(company, "hunt_groups").byId;
  const menus = useSection(company, "attendants").byId;
  return useMemo(() => {
    const ownerOf = (id: string): string => {
      const found = devices.get(id);
      if (!found) return id;
      const [kind, owner] = found.owner.split(":");
      const name = (kind === "phone" ? phones : users).get(owner ?? "")?.name ?? owner ?? "";
      return found.name ? `${name} (${found.name})` : name;
    };
    return (ref) => {
      if (!ref) return "";
      if (ref === "voicemail") return t("target.voicemail");
      if (ref === "hang_up") return t("target.hangUp");
      if (ref === "anonymous") return t("target.anonymous");
      if (ref === "unavailable") return t("target.unavailable");
      const [kind, id] = [ref.slice(0, ref.indexOf(":")), ref.slice(ref.indexOf(":") + 1)];
      if (ref.startsWith("+")) return phone(ref);
      switch (kind) {
        case "user":
          return users.get(id)?.name ?? id;
        case "phone":
          return phones.get(id)?.name ?? id;
        case "device":
          return ownerOf(id);
        case "number":
          return phone(id);
        case "voicemail":
          return t("target.voicemailOf", { name: users.get(id)?.name ?? id });
        case "hunt":
          return groups.get(id)?.name ?? id;
        case "attendant":
          return menus.get(id)?.name ?? id;
        default:
          return id || ref;
      }
    };
  }, [users, phones, devices, groups, menus, t]);
}
