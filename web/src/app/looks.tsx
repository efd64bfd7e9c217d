/** Language and colours: the two switches that everybody wants to find at once. */

import { ActionIcon, Tooltip, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Icon } from "~/kit/icons";
import { type Language, language, speak } from "./i18n";

export function Looks() {
  const { t } = useTranslation();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  const other: Language = language() === "de" ? "en" : "de";
  const dark = scheme === "dark";
  return (
    <div className="vz-looks">
      <Tooltip label={t("frame.otherLanguage")}>
        <ActionIcon
          variant="subtle"
          color="gray"
          lang={other}
          aria-label={`${other.toUpperCase()} – ${t("frame.otherLanguage")}`}
          onClick={() => speak(other)}
        >
          <span className="vz-lang">{other.toUpperCase()}</span>
        </ActionIcon>
      </Tooltip>
      <Tooltip label={dark ? t("frame.light") : t("frame.dark")}>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={dark ? t("frame.light") : t("frame.dark")}
          onClick={() => setColorScheme(dark ? "light" : "dark")}
        >
          <Icon name={dark ? "sun" : "moon"} size={18} />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}
