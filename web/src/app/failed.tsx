/** A page that could not be shown: what happened, what it means, what to do. */

import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Failed } from "~/kit/states";

export function PageFailed({ error, reset }: { error: unknown; reset?: () => void }) {
  return <Failed error={error} again={reset ?? (() => location.reload())} />;
}

export function PageMissing() {
  const { t } = useTranslation();
  return (
    <div className="vz-empty">
      <h2>{t("failed.missing")}</h2>
      <p>{t("failed.missingHelp")}</p>
      <Button component="a" href="/">
        {t("failed.home")}
      </Button>
    </div>
  );
}
