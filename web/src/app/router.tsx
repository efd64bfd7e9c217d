/** Every address of the portal. Pages are loaded when they are visited; what a page shows stands in its address. */

import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import type { Problem } from "~/api/http";
import { loadMe, type Me, manages, meKey } from "~/api/session";
import { Waiting } from "~/kit/states";
import { client } from "./client";
import { PageFailed, PageMissing } from "./failed";
import { languageIsKept, speak } from "./i18n";

async function signedIn(to: string): Promise<Me> {
  try {
    const me = await client.ensureQueryData({ queryKey: meKey, queryFn: loadMe, retry: false });
    if (!languageIsKept()) await speak(me.language, false);
    return me;
  } catch (error) {
    if ((error as Problem).status === 401) throw redirect({ to: "/signin", search: to === "/" ? {} : { to } });
    throw error;
  }
}

const root = createRootRoute({ component: Outlet, errorComponent: PageFailed, notFoundComponent: PageMissing });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/signin",
  validateSearch: (search: Record<string, unknown>): { to?: string } =>
    typeof search.to === "string" && search.to.startsWith("/") && !search.to.startsWith("//") ? { to: search.to } : {},
  component: lazyRouteComponent(() => import("~/pages/signin/signin"), "SignIn"),
});

const ticket = () => import("~/pages/signin/ticket");
const welcome = createRoute({
  getParentRoute: () => root,
  path: "/welcome",
  component: lazyRouteComponent(ticket, "Welcome"),
});
const reset = createRoute({
  getParentRoute: () => root,
  path: "/reset",
  component: lazyRouteComponent(ticket, "Reset"),
});
const setUp = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  component: lazyRouteComponent(ticket, "SetUp"),
});

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: async () => {
    const me = await signedIn("/");
    if (!me.company) throw redirect({ to: "/companies" });
    const params = { company: me.company };
    throw manages(me) ? redirect({ to: "/c/$company", params }) : redirect({ to: "/c/$company/me", params });
  },
});

const companies = createRoute({
  getParentRoute: () => root,
  path: "/companies",
  beforeLoad: ({ location }) => signedIn(location.href),
  component: lazyRouteComponent(() => import("~/pages/companies/companies"), "Companies"),
});

const company = createRoute({
  getParentRoute: () => root,
  path: "/c/$company",
  beforeLoad: async ({ location }) => ({ me: await signedIn(location.href) }),
  component: lazyRouteComponent(() => import("./shell"), "Shell"),
});

const overview = createRoute({
  getParentRoute: () => company,
  path: "/",
  component: lazyRouteComponent(() => import("~/pages/overview/overview"), "Overview"),
});

/** What a list keeps in its address. */
export interface ListSearch {
  q?: string;
  sort?: string;
  down?: boolean;
  site?: string;
  department?: string;
  show?: string;
}
const WORDS = ["q", "sort", "site", "department", "show"] as const;

function listSearch(search: Record<string, unknown>): ListSearch {
  const found: ListSearch = {};
  for (const word of WORDS) {
    const value = search[word];
    if (typeof value === "string" && value) found[word] = value;
    else if (typeof value === "number") found[word] = String(value);
  }
  if (search.down === true) found.down = true;
  return found;
}

const people = createRoute({
  getParentRoute: () => company,
  path: "people",
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import("~/pages/people/people"), "People"),
});
const person = createRoute({
  getParentRoute: () => people,
  path: "$id",
  component: lazyRouteComponent(() => import("~/pages/people/person"), "PersonPage"),
});
const devices = createRoute({
  getParentRoute: () => company,
  path: "devices",
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import("~/pages/devices/devices"), "Devices"),
});
const device = createRoute({
  getParentRoute: () => devices,
  path: "$id",
  component: lazyRouteComponent(() => import("~/pages/devices/device"), "DevicePage"),
});
const numbers = createRoute({
  getParentRoute: () => company,
  path: "numbers",
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import("~/pages/numbers/numbers"), "Numbers"),
});
const groups = createRoute({
  getParentRoute: () => company,
  path: "groups",
  component: lazyRouteComponent(() => import("~/pages/groups/groups"), "Groups"),
});
const times = createRoute({
  getParentRoute: () => company,
  path: "times",
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import("~/pages/times/times"), "Times"),
});
const schedule = createRoute({
  getParentRoute: () => times,
  path: "$id",
  component: lazyRouteComponent(() => import("~/pages/times/schedule"), "SchedulePage"),
});
const lines = createRoute({
  getParentRoute: () => company,
  path: "lines",
  component: lazyRouteComponent(() => import("~/pages/lines/lines"), "Lines"),
});
const rules = createRoute({
  getParentRoute: () => company,
  path: "rules",
  component: lazyRouteComponent(() => import("~/pages/rules/rules"), "Rules"),
});
const history = createRoute({
  getParentRoute: () => company,
  path: "history",
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import("~/pages/history/history"), "History"),
});
const pastCall = createRoute({
  getParentRoute: () => history,
  path: "$id",
  component: lazyRouteComponent(() => import("~/pages/why/past"), "PastCall"),
});
const why = createRoute({
  getParentRoute: () => company,
  path: "why",
  validateSearch: (search: Record<string, unknown>): { from?: string; to?: string; at?: string; call?: string } => ({
    from: search.from === undefined ? undefined : String(search.from),
    to: search.to === undefined ? undefined : String(search.to),
    at: typeof search.at === "string" ? search.at : undefined,
    call: search.call === undefined ? undefined : String(search.call),
  }),
  component: lazyRouteComponent(() => import("~/pages/why/imagined"), "ImaginedCall"),
});
const settings = createRoute({
  getParentRoute: () => company,
  path: "settings",
  component: lazyRouteComponent(() => import("~/pages/settings/settings"), "Settings"),
});
const mine = createRoute({
  getParentRoute: () => company,
  path: "me",
  component: lazyRouteComponent(() => import("~/pages/mine/mine"), "Mine"),
});

const tree = root.addChildren([
  signIn,
  welcome,
  reset,
  setUp,
  home,
  companies,
  company.addChildren([
    overview,
    people.addChildren([person]),
    devices.addChildren([device]),
    numbers,
    groups,
    times.addChildren([schedule]),
    lines,
    rules,
    history.addChildren([pastCall]),
    why,
    settings,
    mine,
  ]),
]);

export const router = createRouter({
  routeTree: tree,
  defaultPreload: "intent",
  defaultPendingComponent: Waiting,
  defaultPendingMs: 100,
  defaultPendingMinMs: 0,
  defaultErrorComponent: PageFailed,
  defaultNotFoundComponent: PageMissing,
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
