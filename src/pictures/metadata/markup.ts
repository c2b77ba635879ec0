/** Text within XML and HTML. */

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes text, between tags or between quotes; characters that XML cannot hold become spaces. */
export function escapeMarkup(text: string): string {
  return text.toWellFormed().replace(/[^\P{Cc}\t\n\r]|[\ufffe\uffff]/gu, " ")
    .replace(/[&<>"']/g, (character) => ESCAPES[character]);
}
