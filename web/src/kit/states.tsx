/** Waiting, empty and failed: every page has all three. */

import { Button, Loader } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Problem } from "~/api/http";
import { Icon } from "./icons";

export function Waiting() {
  const { t } = useTranslation();
  return (
    <div className="vz-waiting" role="status">
      <Loader size="sm" type="dots" />
      <span className="vz-sr">{t("state.loading")}</span>
    </div>
  );
}

/** Says what belongs here and offers the first step. */
export function Empty({ title, help, children }: { title: string; help?: string; children?: ReactNode }) {
  return (
    <div className="vz-empty">
      <h2>{title}</h2>
      {help && <p>{help}</p>}
      {children}
    </div>
  );
}

export function Failed({ error, again }: { error: unknown; again?: () => void }) {
  const { t } = useTranslation();
  const problem = error as Partial<Problem>;
  const lost = problem.status === 0;
  const known = typeof problem.status === "number" && !lost;
  return (
    <div className="vz-empty" role="alert">
      <h2>{lost ? t("failed.lost") : known ? problem.message : t("failed.title")}</h2>
      <p>{lost ? t("failed.lostHelp") : known ? problem.detail : t("failed.help")}</p>
      {again && (
        <Button variant="default" onClick={again}>
          {t("failed.again")}
        </Button>
      )}
    </div>
  );
}

/** What the server refused, beside the form that asked for it. */
export function Refused({ problem }: { problem: Problem | null | undefined }) {
  const { t } = useTranslation();
  if (!problem) return null;
  const lost = problem.status === 0;
  return (
    <div className="vz-refused" role="alert">
      <Icon name="warn" />
      <div>
        <strong>{lost ? t("failed.lost") : problem.message}</strong>
        {problem.errors.length ? (
          <ul>
            {problem.errors.map((each) => (
              <li key={`${each.pointer ?? each.setting ?? ""}${each.detail}`}>{each.detail}</li>
            ))}
          </ul>
        ) : (
          <p>{lost ? t("failed.lostHelp") : problem.detail}</p>
        )}
      </div>
    </div>
  );
}
