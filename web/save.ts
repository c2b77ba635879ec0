/// <reference lib="dom" />
/** Results on their way to the person's disk: where they choose, or among the downloads. */

import { make } from "./dom.ts";

/** As much of the picker as is used here; no library of types has it. */
type SaveFilePicker = (options: {
  suggestedName: string;
  types: { accept: Record<string, string[]> }[];
}) => Promise<FileSystemFileHandle>;

/** Milliseconds that a browser may take to begin a download. */
const PATIENCE = 60_000;

/**
 * Saves a file: the person is asked where, if the browser can ask that; else it is a download. Must begin
 * with the click, before anything is waited for.
 *
 * @param file It may still be in the making: the place is chosen meanwhile.
 * @param name What is suggested.
 * @throws What the file is rejected with, or the disk says.
 */
export async function save(file: Promise<Blob>, name: string, type: string): Promise<void> {
  const chosen = await choosePlace(name, type);
  if (chosen === "cancelled") return;
  if (chosen === undefined) return download(await file, name);
  const { place } = chosen;
  await (await file).stream().pipeTo(await place.createWritable());
}

async function choosePlace(
  name: string,
  type: string,
): Promise<{ place: FileSystemFileHandle } | "cancelled" | undefined> {
  const { showSaveFilePicker } = globalThis as { showSaveFilePicker?: SaveFilePicker };
  const ending = /\.\w+$/.exec(name)?.[0] ?? "";
  const types = [{ accept: { [type]: [ending] } }];
  try {
    return showSaveFilePicker &&
      { place: await showSaveFilePicker({ suggestedName: name, types }) };
  } catch (error) {
    // Any other reason is the browser's, which may still allow downloads.
    return (error as Error).name === "AbortError" ? "cancelled" : undefined;
  }
}

function download(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), PATIENCE);
}
