/** The direct numbers of an owner: the first is shown outside. */

import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { NumberSpec } from "~/api/model";
import { type SectionName, useChanges } from "~/api/records";
import { say } from "~/app/undo";
import { Icon } from "~/kit/icons";
import { Badge } from "~/kit/page";
import { PhoneNumber } from "~/kit/phone";
import { Refused } from "~/kit/states";

interface Props {
  company: string;
  section: SectionName;
  record: { id: string; numbers?: NumberSpec[] };
  edits: boolean;
}

export function NumbersForm({ company, section, record, edits }: Props) {
  const { t } = useTranslation();
  const [adding, setAdding] = useState(false);
  const [number, setNumber] = useState("");
  const [label, setLabel] = useState("");
  const { change } = useChanges(company, section);
  const numbers = record.numbers ?? [];
  const put = async (next: NumberSpec[], note: string) => {
    await change.mutateAsync({ id: record.id, patch: { numbers: next } });
    say(note, () => change.mutateAsync({ id: record.id, patch: { numbers } }));
  };
  const add = async () => {
    const clean = number.replace(/[ /()-]/g, "");
    try {
      await put([...numbers, label ? { number: clean, label } : { number: clean }], t("numbers.added"));
    } catch {
      return;
    }
    setNumber("");
    setLabel("");
    setAdding(false);
  };
  return (
    <>
      {!numbers.length && !adding && <p className="vz-dim">{t("numbers.none")}</p>}
      <ul className="vz-lines">
        {numbers.map((each, index) => (
          <li key={each.number}>
            <span className="vz-grow">
              <PhoneNumber number={each.number} label={each.label} />
            </span>
            {index === 0 && <Badge>{t("numbers.primary")}</Badge>}
            {edits && index > 0 && (
              <Button
                variant="subtle"
                size="compact-xs"
                onClick={() =>
                  put([each, ...numbers.filter((other) => other !== each)], t("numbers.changed")).catch(() => undefined)
                }
              >
                {t("numbers.makePrimary")}
              </Button>
            )}
            {edits && (
              <Button
                variant="subtle"
                color="gray"
                size="compact-xs"
                onClick={() =>
                  put(
                    numbers.filter((other) => other !== each),
                    t("numbers.removed"),
                  ).catch(() => undefined)
                }
              >
                {t("numbers.remove")}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {adding && (
        <div className="vz-form">
          <TextInput
            label={t("field.number")}
            placeholder="+4989…"
            value={number}
            autoFocus
            onChange={(event) => setNumber(event.currentTarget.value)}
          />
          <TextInput
            label={t("field.label")}
            value={label}
            maxLength={80}
            onChange={(event) => setLabel(event.currentTarget.value)}
          />
          <div className="vz-wide vz-acts">
            <Button variant="subtle" color="gray" onClick={() => setAdding(false)}>
              {t("save.drop")}
            </Button>
            <Button disabled={!number} loading={change.isPending} onClick={add}>
              {t("numbers.add")}
            </Button>
          </div>
        </div>
      )}
      <Refused problem={change.error} />
      {edits && !adding && (
        <div>
          <Button
            variant="subtle"
            size="compact-sm"
            leftSection={<Icon name="plus" size={14} />}
            onClick={() => setAdding(true)}
          >
            {t("numbers.add")}
          </Button>
        </div>
      )}
    </>
  );
}
