/** All keys on one page. */

import { Modal } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { PLACES } from "./nav";

export default function KeyHelp({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const general = [
    ["/", t("keys.search")],
    [`${t("keys.ctrl")} K`, t("keys.commands")],
    ["?", t("keys.help")],
    ["↑ ↓", t("keys.walk")],
    [t("keys.enter"), t("keys.open")],
    ["Esc", t("keys.close")],
  ];
  return (
    <Modal opened onClose={close} title={t("keys.title")} closeButtonProps={{ "aria-label": t("undo.dismiss") }}>
      <dl className="vz-keys">
        {general.map(([key, says]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{says}</dd>
          </div>
        ))}
        {PLACES.map((place) => (
          <div key={place.key}>
            <dt>
              <kbd>g</kbd> <kbd>{place.letter}</kbd>
            </dt>
            <dd>{t(`nav.${place.key}`)}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
