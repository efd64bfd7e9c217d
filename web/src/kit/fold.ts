/** Text as people look for it: without case and accents, ß as ss. Sorts names as a German dictionary does. */

export function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss");
}
