/** The place in the portal where a setting of an explanation can be changed: `users[anna].forwarding.no_answer`. */

const PATH = /^([a-z_]+)\[([^\]]+)\]/;

export type SettingLink =
  | { to: "/c/$company/people/$id"; id: string }
  | { to: "/c/$company/devices/$id"; id: string }
  | { to: "/c/$company/times/$id"; id: string }
  | { to: "/c/$company/lines" | "/c/$company/settings" | "/c/$company/groups" | "/c/$company/rules" };

export function placeOf(setting: string | null): SettingLink | null {
  if (!setting) return null;
  const [, section, id] = PATH.exec(setting) ?? [];
  if (!section || !id) return setting.startsWith("company") ? { to: "/c/$company/settings" } : null;
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
    default:
      return { to: "/c/$company/rules" };
  }
}
