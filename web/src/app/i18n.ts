/** Words: German and English, one file each, loaded when asked for. A key that is missing is an error of the type
 * checker and of a test. Words of features come from the server (`useTexts`). */

import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { speakAs } from "~/api/http";
import type de from "~/locales/de.json";

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof de };
    returnNull: false;
  }
}

export type Language = "de" | "en";
const KEPT = "vorzimmer.language";

const files: Record<Language, () => Promise<{ default: object }>> = {
  de: () => import("~/locales/de.json"),
  en: () => import("~/locales/en.json"),
};

function wanted(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "de" || kept === "en") return kept;
  return navigator.language.toLowerCase().startsWith("de") ? "de" : "en";
}

async function load(language: Language): Promise<void> {
  if (i18next.hasResourceBundle(language, "translation")) return;
  i18next.addResourceBundle(language, "translation", (await files[language]()).default);
}

export async function startLanguage(): Promise<void> {
  const language = wanted();
  await i18next.use(initReactI18next).init({
    lng: language,
    resources: {},
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
  });
  await load(language);
  settle(language);
}

function settle(language: Language): void {
  document.documentElement.lang = language;
  speakAs(language);
}

/** Change the language; `keep` false follows the person's setting without pinning it to this browser. */
export async function speak(language: Language, keep = true): Promise<void> {
  await load(language);
  settle(language);
  if (keep) localStorage.setItem(KEPT, language);
  await i18next.changeLanguage(language);
}

export const languageIsKept = (): boolean => localStorage.getItem(KEPT) !== null;
export const language = (): Language => (i18next.language === "en" ? "en" : "de");
