/** The pages of a company: where they are, how they are called, and the letter that follows `g`. */

import { administers, type Me, manages } from "~/api/session";
import type { IconName } from "~/kit/icons";

export interface Place {
  key: PlaceKey;
  to: PlacePath;
  icon: IconName;
  letter: string;
  for: (me: Me | undefined) => boolean;
}
export type PlaceKey =
  | "overview"
  | "people"
  | "numbers"
  | "groups"
  | "times"
  | "lines"
  | "rules"
  | "history"
  | "settings"
  | "mine";
type PlacePath =
  | "/c/$company"
  | "/c/$company/people"
  | "/c/$company/numbers"
  | "/c/$company/groups"
  | "/c/$company/times"
  | "/c/$company/lines"
  | "/c/$company/rules"
  | "/c/$company/history"
  | "/c/$company/settings"
  | "/c/$company/me";

const everybody = (): boolean => true;
const person = (me: Me | undefined): boolean => Boolean(me?.user);

export const PLACES: readonly Place[] = [
  { key: "overview", to: "/c/$company", icon: "overview", letter: "o", for: manages },
  { key: "people", to: "/c/$company/people", icon: "people", letter: "p", for: everybody },
  { key: "numbers", to: "/c/$company/numbers", icon: "numbers", letter: "n", for: manages },
  { key: "groups", to: "/c/$company/groups", icon: "groups", letter: "g", for: manages },
  { key: "times", to: "/c/$company/times", icon: "times", letter: "t", for: manages },
  { key: "lines", to: "/c/$company/lines", icon: "lines", letter: "l", for: administers },
  { key: "rules", to: "/c/$company/rules", icon: "rules", letter: "r", for: manages },
  { key: "history", to: "/c/$company/history", icon: "history", letter: "h", for: everybody },
  { key: "settings", to: "/c/$company/settings", icon: "settings", letter: "s", for: administers },
  { key: "mine", to: "/c/$company/me", icon: "phone", letter: "m", for: person },
];
