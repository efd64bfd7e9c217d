/** Where features hang and which of them bring a component of their own; all others are made of their schema.
 *
 * A feature is named here only if it is richer than its schema (docs: CONTRIBUTING.md, "A feature's page").
 */

import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import { type KeyInfo, useMeta, useTexts } from "~/api/meta";
import { Badge, Part } from "~/kit/page";
import { Waiting } from "~/kit/states";
import { Decides } from "./decides";
import Forwarding from "./forwarding/forwarding";
import { type Owner, SaveBar, SectionRows, useDraft } from "./section";
import Selective from "./selective/selective";

export interface FeatureProps {
  owner: Owner;
  keyInfo: KeyInfo;
}

const RICHER: Record<string, ComponentType<FeatureProps>> = {
  forwarding: Forwarding,
  accept: Selective,
  reject: Selective,
};

/** All features that hang at a place of this kind of owner, in the order of the catalogue. */
export function Features({ owner, place }: { owner: Owner; place: string }) {
  const { data, isPending } = useMeta();
  const { ready } = useTexts();
  if (isPending || !ready) return <Waiting />;
  const keys = (data?.keys ?? []).filter((key) => key.place === place && key.acts && key.on.includes(owner.kind));
  return (
    <div className="vz-features">
      {keys.map((key) => (
        <Feature key={key.name} owner={owner} keyInfo={key} />
      ))}
    </div>
  );
}

function Feature({ owner, keyInfo }: FeatureProps) {
  const { words } = useTexts();
  const Richer = RICHER[keyInfo.name];
  return (
    <section className="vz-feature" aria-label={words(`page.${keyInfo.name}`)}>
      <div className="vz-featurehead">
        <h4>{words(`page.${keyInfo.name}`)}</h4>
        <Decides owner={owner} keyInfo={keyInfo} />
      </div>
      <div>{Richer ? <Richer owner={owner} keyInfo={keyInfo} /> : <Simple owner={owner} keyInfo={keyInfo} />}</div>
    </section>
  );
}

function Simple({ owner, keyInfo }: FeatureProps) {
  const draft = useDraft(owner, keyInfo);
  return (
    <>
      <SectionRows owner={owner} keyInfo={keyInfo} draft={draft} />
      <SaveBar owner={owner} draft={draft} />
    </>
  );
}

/** What is set but not built yet: named, so that nobody waits for it to act. */
export function NotActing({ owner }: { owner: Owner }) {
  const { t } = useTranslation();
  const { data } = useMeta();
  const { words, has } = useTexts();
  const set = (data?.keys ?? []).filter(
    (key) => !key.acts && key.on.includes(owner.kind) && owner.record[key.name] !== undefined,
  );
  if (!set.length) return null;
  return (
    <Part title={t("person.notActing")} note={<Badge tone="warn">{t("person.notYet")}</Badge>}>
      <p className="vz-dim">{t("person.notActingHelp")}</p>
      <p>{set.map((key) => (has(`page.${key.name}`) ? words(`page.${key.name}`) : key.name)).join(" · ")}</p>
    </Part>
  );
}
