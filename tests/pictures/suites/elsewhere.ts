/** Files read by other programs, to compare with: ImageMagick 6 of Debian, and the formats' own tools. */

import { rgbaOf } from "../../../src/pictures/colour/rgba.ts";
import { convertDepth, decodePicture, type Picture } from "../../../src/pictures/mod.ts";

/** What another program is asked, by name and arguments. */
export type Call = readonly [program: string, ...args: string[]];

/** Where Debian has its programs; others of their names may stand before these in the path. */
const FOLDER = "/usr/bin/";

/** Says whether a program is there. */
export function hasProgram(name: string): boolean {
  try {
    return Deno.statSync(FOLDER + name).isFile;
  } catch {
    return false;
  }
}

/** Runs a program and returns what it writes; `undefined` if it fails. */
export async function callProgram(
  [program, ...args]: Call,
  input?: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const command = new Deno.Command(FOLDER + program, {
    args,
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "null",
  });
  const process = command.spawn();
  const writing = input === undefined
    ? undefined
    : new Blob([input]).stream().pipeTo(process.stdin);
  const [{ success, stdout }] = await Promise.all([process.output(), writing]);
  return success ? stdout : undefined;
}

/** What came of a file. */
export interface Comparison {
  /** Why Tessera did not read it. */
  refused?: string;
  /** Whether the other program did not. */
  unreadElsewhere?: boolean;
  /** Width and height, if they are not the other program's. */
  sizes?: string;
  /** The largest difference of a sample as it is stored, in levels of 255; of colours, where they can be seen. */
  most: number;
}

/**
 * Compares how a file is read here with how another program reads it.
 *
 * @param own the format's own decoder, whose output ImageMagick reads; without it ImageMagick reads the file
 */
export async function compareFile(path: string, own?: Call): Promise<Comparison> {
  const other = await readElsewhere(path, own);
  let picture: Picture;
  try {
    picture = await decodePicture(await Deno.readFile(path));
  } catch (error) {
    return { refused: (error as Error).message, unreadElsewhere: other === undefined, most: 0 };
  }
  if (other === undefined) return { unreadElsewhere: true, most: 0 };
  const { width, height } = picture;
  if (other.width !== width || other.height !== height) {
    return { sizes: `${width} x ${height}, not ${other.width} x ${other.height}`, most: 255 };
  }
  return { most: mostOf(rgbaOf(convertDepth(picture, 16)) as Uint16Array, other.data) };
}

function mostOf(ours: Uint16Array, theirs: Uint16Array): number {
  let most = 0;
  for (let i = 0; i < ours.length; i++) {
    const isSeen = i % 4 === 3 || theirs[i | 3] > 0;
    if (isSeen) most = Math.max(most, Math.abs(ours[i] - theirs[i]));
  }
  return Math.round(most / 257 * 100) / 100;
}

async function readElsewhere(
  path: string,
  own: Call | undefined,
): Promise<{ width: number; height: number; data: Uint16Array } | undefined> {
  const decoded = own && await callProgram(own);
  if (own !== undefined && decoded === undefined) return undefined;
  const pam = await callProgram([
    "convert",
    decoded === undefined ? `${path}[0]` : "-[0]",
    ...["-auto-orient", "-colorspace", "sRGB", "-type", "TrueColorMatte", "-depth", "16", "pam:-"],
  ], decoded);
  if (pam === undefined || pam.length === 0) return undefined;
  const head = new TextDecoder("latin1").decode(pam.subarray(0, 200));
  const numberAfter = (word: string) => Number(new RegExp(`${word} (\\d+)`).exec(head)?.[1]);
  const [width, height] = [numberAfter("WIDTH"), numberAfter("HEIGHT")];
  const view = new DataView(pam.buffer, head.indexOf("ENDHDR\n") + 7);
  const data = Uint16Array.from({ length: width * height * 4 }, (_, i) => view.getUint16(2 * i));
  return { width, height, data };
}
