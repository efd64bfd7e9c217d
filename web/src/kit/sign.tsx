/** What somebody or something is doing: shape, colour and word, the same everywhere. */

import { useTranslation } from "react-i18next";

export const STATES = ["free", "ringing", "talking", "held", "parked", "dnd", "unregistered", "unknown"] as const;
export type State = (typeof STATES)[number];

const SHAPES: Record<State, { path: string; fill: boolean }> = {
  free: { path: "M6 10.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9Z", fill: true },
  ringing: { path: "M6 1.2 10.8 6 6 10.8 1.2 6Z", fill: true },
  talking: { path: "M1.5 2.5h9v7h-9Z", fill: true },
  held: { path: "M3 2h2v8H3ZM7 2h2v8H7Z", fill: true },
  parked: { path: "M3.5 10.5V2h3.2a2.5 2.5 0 0 1 0 5H3.5", fill: false },
  dnd: { path: "M6 10.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM3.5 6h5", fill: false },
  unregistered: { path: "M6 10.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9Z", fill: false },
  unknown: { path: "M4.3 4.5a1.7 1.7 0 1 1 2.6 1.4c-.6.4-.9.8-.9 1.4M6 9.6v.1", fill: false },
};

export function Sign({ state, word = false }: { state: State; word?: boolean }) {
  const { t } = useTranslation();
  const { path, fill } = SHAPES[state];
  return (
    <span className="vz-sign" data-state={state} title={word ? undefined : t(`sign.${state}`)}>
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" focusable="false">
        <path
          d={path}
          fill={fill ? "currentColor" : "none"}
          stroke="currentColor"
          strokeWidth={fill ? 0 : 1.6}
          strokeLinecap="round"
        />
      </svg>
      <span className={word ? undefined : "vz-sr"}>{t(`sign.${state}`)}</span>
    </span>
  );
}
