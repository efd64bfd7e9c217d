/** The portal's signs: plain strokes on a grid of 20, drawn for it. Purely decorative: words stand beside them. */

const PATHS = {
  overview: "M3 11.5 10 4l7 7.5M5.5 9.5V16h9V9.5",
  people:
    "M7 9.5a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6ZM2 16c.4-3 2.3-4.5 5-4.5s4.6 1.5 5 4.5M13 9.2a2.3 2.3 0 1 0-.6-4.5M14 11.8c2.3.1 3.6 1.5 4 4.2",
  numbers: "M7.5 3.5 6 16.5M14 3.5l-1.5 13M3.5 7.5h13.5M3 12.5h13.5",
  groups:
    "M10 8a2.2 2.2 0 1 0 0-4.4A2.2 2.2 0 0 0 10 8ZM4.5 16.4a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4ZM15.5 16.4a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4ZM10 8v2.5M10 10.5 5.5 12.2M10 10.5l4.5 1.7",
  times: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM10 6v4.2l2.8 1.8",
  lines: "M3 6.5h4l6 7h4M3 13.5h4l1.8-2M11.2 8.5 13 6.5h4",
  rules: "M4 5h12M4 10h8M4 15h5M14.5 12.5l1.5 1.5 2.5-3",
  history: "M4 10a6.3 6.3 0 1 1 1.9 4.5M4 10 2.4 8.3M4 10l1.8-1.6M10.3 6.5V10l2.4 1.5",
  settings: "M4 6h7M15 6h1.5M4 14h1.5M9.5 14h7M13 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM7.5 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  phone:
    "M5.5 3.5h2.3l1.2 3.2-1.7 1.3a9 9 0 0 0 4.7 4.7l1.3-1.7 3.2 1.2v2.3c0 .8-.7 1.5-1.5 1.4C8.7 15.4 4.6 11.3 4.1 5c-.1-.8.6-1.5 1.4-1.5Z",
  device: "M6 3h8v14H6ZM8.5 14.5h3M8 5.5h4v3H8Z",
  search: "M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM13.2 13.2 17 17",
  plus: "M10 4v12M4 10h12",
  close: "M5 5l10 10M15 5 5 15",
  back: "M12.5 4.5 7 10l5.5 5.5",
  next: "M7.5 4.5 13 10l-5.5 5.5",
  down: "M4.5 7.5 10 13l5.5-5.5",
  lock: "M5.5 9h9v7.5h-9ZM7.5 9V6.5a2.5 2.5 0 0 1 5 0V9",
  why: "M7.3 7.5a2.7 2.7 0 1 1 4.2 2.2c-1 .7-1.5 1.2-1.5 2.3M10 15.2v.3",
  sun: "M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM10 2v2M10 16v2M2 10h2M16 10h2M4.3 4.3l1.4 1.4M14.3 14.3l1.4 1.4M4.3 15.7l1.4-1.4M14.3 5.7l1.4-1.4",
  moon: "M16.5 11.5A7 7 0 0 1 8.5 3.5a7 7 0 1 0 8 8Z",
  menu: "M3 5.5h14M3 10h14M3 14.5h14",
  more: "M5 10h.01M10 10h.01M15 10h.01",
  arrow: "M3.5 10h12M11 5.5l4.5 4.5-4.5 4.5",
  edit: "M4 16l.8-3.6L13 4.2l2.8 2.8-8.2 8.2Z",
  trash: "M4 6h12M8 6V4h4v2M5.5 6l.8 10.5h7.4L14.5 6",
  copy: "M7.5 7.5h9v9h-9ZM12.5 7.5v-4h-9v9h4",
  check: "M4 10.5 8 14.5 16 5.5",
  warn: "M10 3.5 17.5 16.5h-15ZM10 8.5v3.5M10 14.2v.2",
  info: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM10 9v4.5M10 6.5v.2",
  out: "M8 4H4v12h4M8.5 10H17M13.5 6.5 17 10l-3.5 3.5",
  language: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM3 10h14M10 3c2.3 2 3 4.5 3 7s-.7 5-3 7c-2.3-2-3-4.5-3-7s.7-5 3-7Z",
  calendar: "M3.5 5h13v11.5h-13ZM3.5 8.5h13M7 3v3.5M13 3v3.5",
  site: "M4 17V4.5h8V17M12 8.5h4V17M2.5 17h15M6.5 7.5h3M6.5 10.5h3M6.5 13.5h3",
  ring: "M6 13.5V9a4 4 0 0 1 8 0v4.5M4.5 13.5h11M9 16.5h2M10 3v2",
  forward: "M3.5 15.5c0-5 3-7.5 8-7.5h4.5M12 4l4.5 4-4.5 4",
  refuse: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM5.2 14.8l9.6-9.6",
  speak: "M3.5 8v4h2.8L10.5 15.5v-11L6.3 8ZM13 7.5a4 4 0 0 1 0 5M15 5.5a7 7 0 0 1 0 9",
  key: "M7 13a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM10.5 9.5H17M14.5 9.5v2.8",
  panel: "M3 4h14v12H3ZM12 4v12",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      className="vz-icon"
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
