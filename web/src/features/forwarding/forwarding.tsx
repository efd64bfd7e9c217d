/** Forwarding: its sentences come from the schema; selective forwarding is a list of rules below them. */

import type { Criterion } from "~/api/model";
import type { FeatureProps } from "../registry";
import { SaveBar, SectionRows, useDraft } from "../section";
import { Rules } from "../selective/rules";

export default function Forwarding({ owner, keyInfo }: FeatureProps) {
  const draft = useDraft(owner, keyInfo);
  const rules = (draft.value(["forwarding", "selective"]) as Criterion[] | null) ?? [];
  return (
    <>
      <SectionRows owner={owner} keyInfo={keyInfo} draft={draft}>
        <Rules
          owner={owner}
          kind="forward"
          rules={rules}
          onChange={(selective) => draft.edit({ forwarding: { selective } })}
        />
      </SectionRows>
      <SaveBar owner={owner} draft={draft} />
    </>
  );
}
