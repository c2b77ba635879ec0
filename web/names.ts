/** The names that results get. */

import { FORMATS, type OfferedFormat } from "./formats.ts";

/** Returns the name of a result: `photo.jpg` to 4K as PNG is `photo-4k.png`. */
export function nameOf(name: string, suffix: string, format: OfferedFormat): string {
  const stem = name.replace(/(?<=.)\.[^.]*$/, "") || "picture";
  return `${stem}-${suffix}${FORMATS[format].extension}`;
}

/** Returns names of which none is twice there, in any case: the second `a.png` is `a (2).png`. */
export function distinct(names: readonly string[]): string[] {
  const used = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let n = 2; used.has(free.toLowerCase()); n++) {
      free = name.replace(/(\.[^.]*)?$/, ` (${n})$1`);
    }
    used.add(free.toLowerCase());
    return free;
  });
}
