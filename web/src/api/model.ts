/** The records of a company file as the portal reads them: fields that are absent stand for their defaults. */

export interface NumberSpec {
  number: string;
  label?: string;
}
export interface OnEvent {
  enabled?: boolean;
  to?: string | null;
  after_s?: number;
}
export interface Criterion {
  name: string;
  active?: boolean;
  filter?: boolean;
  private?: boolean;
  callers?: "any" | "internal" | "external" | "listed";
  numbers?: string[];
  schedule?: string | null;
  holidays?: string | null;
  anonymous?: boolean;
  unavailable?: boolean;
  called?: string[];
  to?: string | null;
}
export interface Forwarding {
  always?: OnEvent;
  busy?: OnEvent;
  no_answer?: OnEvent;
  unreachable?: OnEvent;
  selective?: Criterion[];
}
export interface ParallelRinging {
  enabled?: boolean;
  numbers?: string[];
  schedule?: string | null;
  confirm?: boolean;
  while_talking?: boolean;
}
export type Role = "user" | "site_admin" | "company_admin";
export interface Person {
  id: string;
  name: string;
  role?: Role;
  site?: string | null;
  department?: string | null;
  extension?: string | null;
  numbers?: NumberSpec[];
  email?: string | null;
  language?: "de" | "en" | null;
  mobile?: string | null;
  forwarding?: Forwarding;
  accept?: Criterion[];
  reject?: Criterion[];
  reject_anonymous?: boolean;
  dnd?: boolean;
  call_waiting?: boolean;
  parallel_ringing?: ParallelRinging;
  [section: string]: unknown;
}
export interface Phone {
  id: string;
  name: string;
  site?: string | null;
  department?: string | null;
  extension?: string | null;
  numbers?: NumberSpec[];
  [section: string]: unknown;
}
export interface Device {
  id: string;
  owner: string;
  name?: string;
  kind?: "sip" | "browser";
  enabled?: boolean;
  username?: string | null;
  profile?: string | null;
  transport?: string;
  srtp?: string;
  place?: string | null;
  [section: string]: unknown;
}
export interface Site {
  id: string;
  name: string;
  address?: string;
  emergency?: { number?: string | null; trunk?: string | null };
  [section: string]: unknown;
}
export interface Department {
  id: string;
  name: string;
}
export interface Schedule {
  id: string;
  name: string;
  weekly?: Record<string, string[]>;
  holidays?: { region?: string | null; also?: string[] } | null;
}
export interface Trunk {
  id: string;
  name?: string;
  kind?: "register" | "peer";
  enabled?: boolean;
  registrar?: string | null;
  proxy?: string | null;
  peers?: string[];
  username?: string | null;
  numbers?: { number?: string; from?: string; to?: string }[];
  channels?: { total?: number | null; out?: number | null };
  transport?: string;
  srtp?: string;
  identity?: string;
  [section: string]: unknown;
}
export interface Group {
  id: string;
  name: string;
  extension?: string | null;
  numbers?: NumberSpec[];
  members?: unknown[];
  site?: string | null;
  [section: string]: unknown;
}
export interface Contact {
  id: string;
  name: string;
  numbers?: string[];
  responsible?: string | null;
  company?: string;
}
export interface Company {
  id: string;
  name: string;
  sip_domain?: string;
  country?: string;
  area_code?: string;
  outside_prefix?: string | null;
  holiday_region?: string;
  timezone?: string;
  language?: "de" | "en";
  main_number?: string | null;
  extension_length?: { min?: number; max?: number };
  policies?: Record<string, { enabled?: boolean; locked?: boolean }>;
  [section: string]: unknown;
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
  contacts: Contact;
}
