/** Keys that work everywhere: `/` searches, Ctrl K commands, `?` shows keys, `g` and a letter goes, Esc closes
 * the detail beside a list. */

import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { PLACES } from "./nav";

/** The detail of a list: its address and that of the list. */
const DETAIL = /^(\/c\/[^/]+\/(?:people|devices|times|history))\/[^/]+$/;
const GO_MS = 2_500;

function typing(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return Boolean(element?.closest("input, textarea, select, [contenteditable=true], [role=combobox], [role=dialog]"));
}

export function useKeys(company: string, show: (layer: "commands" | "keys") => void): void {
  const navigate = useNavigate();
  useEffect(() => {
    let going = Number.NEGATIVE_INFINITY;
    const pressed = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        show("commands");
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      const list = DETAIL.exec(location.pathname)?.[1];
      if (
        event.key === "Escape" &&
        list &&
        !event.defaultPrevented &&
        !document.querySelector("[role=dialog], [role=menu]")
      ) {
        navigate({ href: list + location.search });
        return;
      }
      if (event.timeStamp - going < GO_MS) {
        going = Number.NEGATIVE_INFINITY;
        const place = PLACES.find((each) => each.letter === event.key);
        if (!place) return;
        event.preventDefault();
        navigate({ to: place.to, params: { company } });
      } else if (event.key === "g") going = event.timeStamp;
      else if (event.key === "?") show("keys");
      else if (event.key === "/") {
        const field = document.querySelector<HTMLInputElement>("[data-search]");
        event.preventDefault();
        if (field) field.focus();
        else show("commands");
      }
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [company, navigate, show]);
}
