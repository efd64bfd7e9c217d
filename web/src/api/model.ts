/** The records of a company file, typed from the API's description. What is absent stands for its default. */

import type { Api } from "./types";

/** A record with whatever sections features bring. */
type Whole<T> = T & { id: string; [section: string]: unknown };

export type NumberSpec = Api["NumberSpec"];
export type Criterion = Api["Criterion"] & { to?: string | null };
export type Person = Whole<Api["User"]>;
export type Phone = Whole<Api["Phone"]>;
export type Device = Whole<Api["Device"]>;
export type Site = Api["Site"];
export type Department = Api["Department"];
export type Schedule = Api["Schedule"];
export type Trunk = Api["Trunk"];
export type Company = Whole<Api["Company"]>;

/** What groups have in common. */
export interface Group {
  id: string;
  name: string;
  extension?: string | null;
  numbers?: NumberSpec[];
  members?: unknown[];
}

export interface Sections {
  company: Company;
  users: Person;
  phones: Phone;
  devices: Device;
  sites: Site;
  departments: Department;
  schedules: Schedule;
  trunks: Trunk;
  hunt_groups: Group;
  pickup_groups: Group;
  park_groups: Group;
  park_extensions: Group;
  paging_groups: Group;
  instant_groups: Group;
  attendants: Group;
}
