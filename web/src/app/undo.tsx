/** What has just been done, and ten seconds to take it back. */

import { Button } from "@mantine/core";
import { useEffect, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { Icon } from "~/kit/icons";

const UNDO_MS = 10_000;

interface Note {
  id: number;
  text: string;
  undo?: () => unknown;
  bad?: boolean;
}

let notes: readonly Note[] = [];
let last = 0;
const listeners = new Set<() => void>();

function become(next: readonly Note[]): void {
  notes = next;
  for (const act of listeners) act();
}

export function dismiss(id: number): void {
  become(notes.filter((note) => note.id !== id));
}

/** Say what has happened; with `undo` it can be taken back for ten seconds. Only the newest three are kept. */
export function say(text: string, undo?: () => unknown): void {
  become([...notes.slice(-2), { id: ++last, text, undo }]);
}

export function complain(text: string): void {
  become([...notes.slice(-2), { id: ++last, text, bad: true }]);
}

export function Notes() {
  const shown = useSyncExternalStore(
    (act) => {
      listeners.add(act);
      return () => listeners.delete(act);
    },
    () => notes,
  );
  return (
    <section className="vz-notes" aria-live="polite">
      {shown.map((note) => (
        <Shown key={note.id} note={note} />
      ))}
    </section>
  );
}

function Shown({ note }: { note: Note }) {
  const { t } = useTranslation();
  useEffect(() => {
    const timer = setTimeout(() => dismiss(note.id), UNDO_MS);
    return () => clearTimeout(timer);
  }, [note.id]);
  const undo = () => {
    dismiss(note.id);
    note.undo?.();
  };
  return (
    <div className="vz-note" data-bad={note.bad || undefined}>
      <Icon name={note.bad ? "warn" : "check"} />
      <span>{note.text}</span>
      {note.undo && (
        <Button variant="subtle" size="compact-xs" onClick={undo}>
          {t("undo.undo")}
        </Button>
      )}
      <button type="button" className="vz-plain" aria-label={t("undo.dismiss")} onClick={() => dismiss(note.id)}>
        <Icon name="close" size={14} />
      </button>
    </div>
  );
}
