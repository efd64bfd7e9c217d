/** Selective acceptance and rejection: a list of rules that says which callers come through. */

import type { Criterion } from "~/api/model";
import type { FeatureProps } from "../registry";
import { SaveBar, useDraft } from "../section";
import { Rules } from "./rules";

export default function Selective({ owner, keyInfo }: FeatureProps) {
  const draft = useDraft(owner, keyInfo);
  const rules = (draft.value([keyInfo.name]) as Criterion[] | null) ?? [];
  const kind = keyInfo.name === "accept" ? "accept" : "reject";
  return (
    <>
      <Rules owner={owner} kind={kind} rules={rules} onChange={(next) => draft.edit({ [keyInfo.name]: next })} />
      <SaveBar owner={owner} draft={draft} />
    </>
  );
}
