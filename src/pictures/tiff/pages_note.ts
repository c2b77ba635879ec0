/** What is said of a file of several pages of which only the first is read. */

/** Says that of so many pages. */
export function pagesNote(pages: number): string {
  return `of the ${pages} pages only the first is read`;
}

/** Says whether a sentence is one of {@linkcode pagesNote}. */
export function isPagesNote(sentence: string): boolean {
  return /^of the \d+ pages only the first is read$/.test(sentence);
}
