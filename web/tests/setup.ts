/** What the browser has and the test's document has not. */

import { cleanup } from "@testing-library/react";
import { afterEach, vi } from "vitest";
import { startLanguage } from "~/app/i18n";

Object.defineProperty(window, "matchMedia", {
  writable: true,
  value: (query: string) => ({
    matches: false,
    media: query,
    addEventListener: vi.fn(),
    removeEventListener: vi.fn(),
    addListener: vi.fn(),
    removeListener: vi.fn(),
    dispatchEvent: vi.fn(),
    onchange: null,
  }),
});
class Quiet {
  observe() {}
  unobserve() {}
  disconnect() {}
}
window.ResizeObserver = Quiet as unknown as typeof ResizeObserver;

localStorage.setItem("vorzimmer.language", "de");
await startLanguage();
afterEach(cleanup);
