/**
 * The table of figures, and its place in a page.
 */

/** What was measured on one scene in one state. */
export interface Figures {
  /** The first cells of the row. */
  labels: string[];
  /** PSNR of the luma in dB, one for each way to enlarge. */
  psnrY: number[];
}

/** Returns a table in Markdown, laid out as `deno fmt` does it; the best of each row is bold. */
export function formatFigures(heads: string[], figures: Figures[]): string {
  const rows = figures.map(({ labels, psnrY }) => {
    const best = Math.max(...psnrY).toFixed(2);
    const cells = psnrY.map((value) => value.toFixed(2));
    return [...labels, ...cells.map((cell) => cell === best ? `**${cell}**` : cell)];
  });
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i].length)));
  const line = (cells: string[]) => `| ${cells.map((c, i) => c.padEnd(widths[i])).join(" | ")} |`;
  const rule = widths.map((width) => "-".repeat(width));
  return [heads, rule, ...rows].map(line).join("\n");
}

/**
 * Replaces what stands between the comments `<!-- name -->` and `<!-- /name -->` of a page.
 *
 * @throws {Error} If the page does not have both, in that order.
 */
export function replaceMarked(page: string, name: string, text: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [page.indexOf(open), page.indexOf(close)];
  if (from < 0 || to < from) {
    throw new Error(`The page has no lines "${open}" and "${close}", in this order`);
  }
  return `${page.slice(0, from + open.length)}\n\n${text}\n\n${page.slice(to)}`;
}
