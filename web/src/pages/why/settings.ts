/** The place in the portal where a setting of an explanation can be changed: `users[anna].forwarding.no_answer`. */

import type { Because } from "~/api/explain";

export type SettingLink =
  | { to: "/c/$company/people/$id"; id: string }
  | { to: "/c/$company/devices/$id"; id: string }
  | { to: "/c/$company/times/$id"; id: string }
  | { to: "/c/$company/lines" | "/c/$company/settings" | "/c/$company/groups" | "/c/$company/rules" };

export function placeOf(setting: Because["setting"]): SettingLink | null {
  if (!setting?.section) return null;
  const { section } = setting;
  const id = setting.id ?? "";
  switch (section) {
    case "users":
      return { to: "/c/$company/people/$id", id };
    case "devices":
      return { to: "/c/$company/devices/$id", id };
    case "schedules":
      return { to: "/c/$company/times/$id", id };
    case "trunks":
      return { to: "/c/$company/lines" };
    case "company":
    case "sites":
    case "departments":
      return { to: "/c/$company/settings" };
    case "hunt_groups":
    case "pickup_groups":
    case "park_groups":
    case "instant_groups":
    case "paging_groups":
    case "attendants":
      return { to: "/c/$company/groups" };
    case "calling_plans":
    case "intercepts":
    case "night_forwarding":
      return { to: "/c/$company/rules" };
    default:
      return null;
  }
}
