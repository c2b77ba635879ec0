/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The ways in which files come to the page: chosen, dropped, pasted, shared, or given by the program. */

import { byId } from "./dom.ts";

/** What becomes of files that came. */
export type OnFiles = (files: File[]) => void;

/** Says whether a file's name is that of weights. */
export function isWeights({ name }: File): boolean {
  return /\.(safetensors|pth|pt|ckpt)$/i.test(name);
}

/** Listens to all ways that a page has. */
export function listenForFiles(onFiles: OnFiles): void {
  for (const id of ["picker", "weights-picker"]) {
    const picker = byId<HTMLInputElement>(id);
    picker.addEventListener("change", () => {
      const files = [...picker.files ?? []];
      // The same file may be chosen again.
      picker.value = "";
      if (files.length > 0) onFiles(files);
    });
  }
  listenForDrops(onFiles);
  addEventListener("paste", (event) => {
    const files = [...event.clipboardData?.files ?? []];
    if (files.length > 0) onFiles(files.map(named));
  });
}

function listenForDrops(onFiles: OnFiles): void {
  let depth = 0;
  const mark = (change: number) => {
    depth = Math.max(0, depth + change);
    document.body.toggleAttribute("data-drop", depth > 0);
    byId("drop").hidden = depth === 0;
  };
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  addEventListener("dragenter", (event) => hasFiles(event) && mark(1));
  addEventListener("dragleave", (event) => hasFiles(event) && mark(-1));
  addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    mark(-depth);
    const files = [...event.dataTransfer?.files ?? []];
    if (files.length === 0) return;
    event.preventDefault();
    onFiles(files);
  });
}

/** What is pasted is called `image.png`, whatever it is. */
function named(file: File): File {
  if (file.name !== "image.png") return file;
  const now = new Date().toISOString().slice(0, 19).replace(/[T:]/g, "-");
  return new File([file], `pasted-${now}.png`, { type: file.type });
}

/**
 * Fetches what was given beside the address: `#given=FOLDER` names a folder of this origin with a list of
 * pictures, from the program that serves this page or from the system's share menu.
 */
export async function givenFiles(hash: string): Promise<File[]> {
  const folder = /^#given=([\w./-]+)$/.exec(hash)?.[1];
  if (folder === undefined) return [];
  const names: string[] = await (await fetch(`${folder}/list.json`)).json();
  return await Promise.all(names.map(async (name, i) => {
    const response = await fetch(`${folder}/${i}`);
    return new File([await response.blob()], name);
  }));
}
