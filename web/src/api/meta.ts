/** What features say of themselves: the schema of their settings, and their words. Both come from their folders. */

import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { type Problem, read } from "./http";

export interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  enum?: unknown[];
  anyOf?: Schema[];
  allOf?: Schema[];
  $ref?: string;
  $defs?: Record<string, Schema>;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
  maxLength?: number;
  "x-target"?: boolean;
  "x-ref"?: string[];
  "x-typed"?: boolean;
  "x-secret"?: string;
  "x-number"?: boolean;
}
export interface KeyInfo {
  name: string;
  on: string[];
  acts: boolean;
  bare: string | null;
  place: string;
  schema: Schema;
}
export interface KindInfo {
  name: string;
  section: string;
  acts: boolean;
  dialable: boolean;
  id_field: string;
  schema: Schema;
}
interface Meta {
  kinds: KindInfo[];
  keys: KeyInfo[];
  $defs?: Record<string, Schema>;
}

/** Every schema with the definitions that it points to. */
async function loadMeta(): Promise<Meta> {
  const meta = await read<Meta>("/schema");
  const whole = <T extends { schema: Schema }>(each: T): T => ({
    ...each,
    schema: { ...each.schema, $defs: meta.$defs },
  });
  return { kinds: meta.kinds.map(whole), keys: meta.keys.map(whole) };
}

export function useMeta() {
  return useQuery<Meta, Problem>({ queryKey: ["schema"], queryFn: loadMeta, staleTime: Number.POSITIVE_INFINITY });
}

/** Words of features by key; a key without words is shown as it is, and a test of the server keeps that from happening. */
export function useTexts(): { words: (key: string) => string; has: (key: string) => boolean; ready: boolean } {
  const { i18n } = useTranslation();
  const language = i18n.language === "en" ? "en" : "de";
  const { data } = useQuery<Record<string, string>, Problem>({
    queryKey: ["texts", language],
    queryFn: () => read<Record<string, string>>(`/texts/${language}`),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return { words: (key) => data?.[key] ?? key, has: (key) => data?.[key] !== undefined, ready: data !== undefined };
}

/** A schema without indirection: references followed, `null` beside something else forgotten. */
export function plain(schema: Schema | undefined, root: Schema): Schema {
  if (!schema) return {};
  if (schema.$ref) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return { ...plain(root.$defs?.[name], root), ...(schema.default !== undefined ? { default: schema.default } : {}) };
  }
  if (Array.isArray(schema.type)) return plain({ ...schema, type: schema.type.find((each) => each !== "null") }, root);
  if (schema.allOf?.length === 1)
    return { ...plain(schema.allOf[0], root), ...(schema.default !== undefined ? { default: schema.default } : {}) };
  const choices = schema.anyOf?.filter((each) => each.type !== "null");
  if (choices?.length === 1) return { ...plain(choices[0], root), default: schema.default };
  return schema;
}
