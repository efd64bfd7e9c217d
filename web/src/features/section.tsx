/** A feature's settings as sentences, made of its schema and its words alone: nothing here knows a feature.
 *
 * A row is a switch with a sentence; gaps of the sentence are the other fields. Switches act at once, everything else is
 * kept until it is saved, with the difference that it makes shown before. Both can be taken back for ten seconds.
 */

import { Button } from "@mantine/core";
import { type ReactNode, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { OUTSIDE } from "~/api/explain";
import type { Problem } from "~/api/http";
import { type KeyInfo, plain, type Schema, useTexts } from "~/api/meta";
import type { NumberSpec } from "~/api/model";
import { useChanges } from "~/api/records";
import { complain, say } from "~/app/undo";
import { at, inverse, merged, type Tree, tree } from "~/kit/deep";
import { Difference, LeadsTo } from "~/kit/leads";
import { gaps, Rule, Sentence } from "~/kit/sentence";
import { Refused } from "~/kit/states";
import { Slot } from "./slot";

export interface Owner {
  company: string;
  section: "users" | "phones";
  kind: "user" | "phone";
  id: string;
  record: Record<string, unknown>;
  locked?: boolean;
}
interface Row {
  path: string[];
  schema: Schema;
  text: string;
  /** The switch of the row: the whole value for a plain yes or no. */
  switch: string[] | null;
  inner: boolean;
}

const isObject = (schema: Schema): boolean => schema.properties !== undefined;
const isBoolean = (schema: Schema): boolean => schema.type === "boolean";
/** Whether a field can stand inside a sentence: neither yes or no, nor a part or a list of parts with fields. */
const isPart = (schema: Schema): boolean =>
  !isObject(schema) && !isBoolean(schema) && !(schema.type === "array" && schema.items?.$ref);

/** The rows of a key, in the order of its fields. */
export function rowsOf(key: KeyInfo): Row[] {
  const root = key.schema;
  const top = plain(root, root);
  const base = [key.name];
  if (key.bare) {
    const only = plain(top.properties?.[key.bare] ?? top, root);
    return [{ path: base, schema: only, text: `set.${key.name}`, switch: isBoolean(only) ? base : null, inner: false }];
  }
  const found: Row[] = [];
  const fields = Object.entries(top.properties ?? {}).map(([name, each]) => [name, plain(each, root)] as const);
  const switched = fields.some(([name]) => name === "enabled");
  if (switched || fields.some(([, each]) => isPart(each))) {
    found.push({
      path: base,
      schema: top,
      text: `set.${key.name}`,
      switch: switched ? [...base, "enabled"] : null,
      inner: false,
    });
  }
  for (const [name, each] of fields) {
    const path = [...base, name];
    const text = `set.${key.name}.${name}`;
    if (isObject(each))
      found.push({
        path,
        schema: each,
        text,
        switch: each.properties?.enabled ? [...path, "enabled"] : null,
        inner: false,
      });
    else if (isBoolean(each) && name !== "enabled")
      found.push({ path, schema: each, text, switch: path, inner: switched });
  }
  return found;
}

/** What stands for a field that the record does not have. */
export function fallbackOf(key: KeyInfo, path: readonly string[]): unknown {
  const root = key.schema;
  let here = plain(root, root);
  if (key.bare) here = plain(here.properties?.[key.bare] ?? here, root);
  for (const name of path.slice(1)) {
    if (here.default && typeof here.default === "object" && name in here.default) {
      const given = (here.default as Tree)[name];
      here = { ...plain(here.properties?.[name], root), default: given };
    } else here = plain(here.properties?.[name], root);
  }
  return here.default ?? (here.type === "boolean" ? false : here.type === "array" ? [] : null);
}

export function useDraft(owner: Owner, keyInfo: KeyInfo) {
  const { t } = useTranslation();
  const { words } = useTexts();
  const [draft, setDraft] = useState<Tree>({});
  const { change } = useChanges(owner.company, owner.section);
  const title = words(`page.${keyInfo.name}`);
  const fallback = (path: string[]) => fallbackOf(keyInfo, path);
  const send = async (patch: Tree, note: string) => {
    const back = inverse(owner.record, patch, fallback);
    await change.mutateAsync({ id: owner.id, patch });
    say(note, () =>
      change.mutateAsync({ id: owner.id, patch: back }).catch((problem: Problem) => complain(problem.message)),
    );
  };
  const shown = useMemo(() => merged(owner.record, draft), [owner.record, draft]);
  const value = (path: readonly string[]): unknown => at(shown, path) ?? fallbackOf(keyInfo, path);
  const change_ = (patch: Tree) => setDraft((now) => merged(now, patch));
  const save = () =>
    send(draft, t("save.saved", { what: title })).then(
      () => setDraft({}),
      () => undefined,
    );
  const flip = (path: string[], on: boolean) =>
    send(tree(path, on), on ? t("save.on", { what: title }) : t("save.off", { what: title })).catch(
      (problem: Problem) => complain(`${problem.message} ${problem.detail}`),
    );
  return {
    draft,
    dirty: Object.keys(draft).length > 0,
    value,
    edit: change_,
    save,
    flip,
    drop: () => setDraft({}),
    change,
  };
}

export type Draft = ReturnType<typeof useDraft>;

export function SaveBar({ owner, draft, preview = true }: { owner: Owner; draft: Draft; preview?: boolean }) {
  const { t } = useTranslation();
  if (!draft.dirty) return null;
  const now = { from: OUTSIDE, to: `${owner.kind}:${owner.id}`, assume: [`${owner.kind}:${owner.id}=idle`] };
  return (
    <>
      <div className="vz-savebar">
        {preview && (
          <Difference
            company={owner.company}
            now={now}
            then={{ ...now, changes: [{ section: owner.section, id: owner.id, values: draft.draft }] }}
          />
        )}
        <div className="vz-acts">
          <Button variant="subtle" color="gray" onClick={draft.drop}>
            {t("save.drop")}
          </Button>
          <Button onClick={draft.save} loading={draft.change.isPending}>
            {t("save.save")}
          </Button>
        </div>
      </div>
      <Refused problem={draft.change.error} />
    </>
  );
}

/** In which state of the person a row matters, for its preview. */
const MOMENT: Record<string, string> = { busy: "busy", no_answer: "idle", unreachable: "unregistered" };

export function SectionRows({
  owner,
  keyInfo,
  draft,
  leads = true,
  children,
}: {
  owner: Owner;
  keyInfo: KeyInfo;
  draft: Draft;
  leads?: boolean;
  children?: ReactNode;
}) {
  const rows = useMemo(() => rowsOf(keyInfo), [keyInfo]);
  return (
    <div>
      {rows.map((row) => {
        const parent = row.inner ? draft.value([keyInfo.name, "enabled"]) : true;
        return parent ? (
          <RuleRow key={row.path.join(".")} owner={owner} keyInfo={keyInfo} row={row} draft={draft} leads={leads} />
        ) : null;
      })}
      {children}
    </div>
  );
}

function RuleRow({
  owner,
  keyInfo,
  row,
  draft,
  leads,
}: {
  owner: Owner;
  keyInfo: KeyInfo;
  row: Row;
  draft: Draft;
  leads: boolean;
}) {
  const { words } = useTexts();
  const text = words(row.text);
  const on = row.switch ? Boolean(draft.value(row.switch)) : undefined;
  const label = text.replace(/\s*\{[a-z_]+\}\s*/g, " … ").trim();
  const self = `${owner.kind}:${owner.id}`;
  const moment = MOMENT[row.path.at(-1) ?? ""];
  const slots: Record<string, ReactNode> = {};
  for (const name of gaps(text)) {
    const path = keyInfo.bare ? row.path : [...row.path, name];
    const schema = keyInfo.bare ? row.schema : plain(row.schema.properties?.[name], keyInfo.schema);
    slots[name] = (
      <Slot
        company={owner.company}
        schema={schema}
        label={label}
        name={`set.${[...row.path, name].join(".")}`}
        numbers={(owner.record.numbers as NumberSpec[] | undefined) ?? []}
        value={draft.value(path)}
        disabled={owner.locked}
        onChange={(value) => draft.edit(tree(path, value))}
      />
    );
  }
  return (
    <Rule
      on={on}
      label={label}
      disabled={owner.locked}
      onSwitch={row.switch ? (next) => draft.flip(row.switch ?? [], next) : undefined}
      notes={
        leads &&
        on &&
        !row.inner &&
        moment && <LeadsTo company={owner.company} to={self} assume={[`${self}=${moment}`]} why={false} />
      }
    >
      <Sentence text={text} slots={slots} />
    </Rule>
  );
}
