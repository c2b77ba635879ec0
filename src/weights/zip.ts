/**
 * Zip archives as PyTorch writes them, read as a whole and checked as a whole: stored and deflated
 * members, with or without zip64 (PKWARE's APPNOTE 6.3.10).
 *
 * An archive says everything twice, before each member and in its directory, and attackers let the two
 * differ: here they must agree, members must not share bytes, and none may be encrypted, occur twice,
 * or have another CRC-32 or size than it claims. Nothing is inflated beyond what a member claims, nor
 * all of them together beyond a small multiple of the archive.
 */

import { ModelError } from "../errors.ts";
import { crc32 } from "../platform/mod.ts";
import { quote } from "./tensor.ts";

const LOCAL_SIGNATURE = 0x04034b50;
const ENTRY_SIGNATURE = 0x02014b50;
const END_SIGNATURE = 0x06054b50;
const END64_SIGNATURE = 0x06064b50;
const LOCATOR_SIGNATURE = 0x07064b50;

const LOCAL_BYTES = 30;
const ENTRY_BYTES = 46;
const END_BYTES = 22;
const END64_BYTES = 56;
const LOCATOR_BYTES = 20;
const MAX_COMMENT_BYTES = 0xffff;

/** Values of the short fields that say "see the zip64 field". */
const IN_ZIP64 = 0xffffffff;
const COUNT_IN_ZIP64 = 0xffff;
const ZIP64_FIELD = 0x0001;

const STORED = 0;
const DEFLATED = 8;

const ENCRYPTED = 0x0001;
const SIZES_FOLLOW = 0x0008;

/** Flags that change nothing here: how hard it was deflated, sizes that follow, names in UTF-8. */
const KNOWN_FLAGS = 0x0002 | 0x0004 | SIZES_FOLLOW | 0x0800;

/** More members than any checkpoint of an upscaling network has tensors. */
const MAX_MEMBERS = 70_000;

/** What all members together may take, apart from a multiple of the archive. */
const FREE_BYTES = 64 * 2 ** 20;
const MAX_EXPANSION = 4;

/** Deflated bytes that are handed on at a time: at most 1032 times as many come out at once. */
const INFLATE_BYTES = 16_384;

/** A member as the directory describes it. */
interface Entry {
  name: string;
  flags: number;
  method: number;
  crc: number;
  /** Bytes in the archive. */
  packed: number;
  /** Bytes of the member itself. */
  size: number;
  /** Where its local header begins. */
  start: number;
}

/** A member whose two descriptions agree. */
interface Member extends Entry {
  /** Its bytes in the archive. */
  data: Uint8Array;
  /** Where they end. */
  end: number;
}

/**
 * Reads every member of an archive.
 *
 * @param archive the whole file; stored members are views into it
 * @returns the members' bytes by name, without folders
 * @throws {ModelError} when the archive is damaged, contradicts itself, or claims too much
 */
export async function readZip(archive: Uint8Array): Promise<Map<string, Uint8Array>> {
  const { entries, directoryStart } = readDirectory(archive);
  checkSizes(entries, archive.length);
  const members = entries.map((entry) => locate(entry, archive, directoryStart));
  checkApart(members, directoryStart);
  const contents = new Map<string, Uint8Array>();
  for (const member of members) {
    if (contents.has(member.name)) refuse(member, "occurs twice");
    contents.set(member.name, await unpack(member));
  }
  for (const name of contents.keys()) if (name.endsWith("/")) contents.delete(name);
  return contents;
}

/** Where the directory is, and how many entries it has. */
interface End {
  count: number;
  directoryBytes: number;
  directoryStart: number;
  /** Where the directory has to end. */
  directoryEnd: number;
}

function readDirectory(archive: Uint8Array): { entries: Entry[]; directoryStart: number } {
  const { count, directoryBytes, directoryStart, directoryEnd } = findEnd(archive);
  if (directoryStart + directoryBytes !== directoryEnd) {
    throw new ModelError(
      `Zip directory is at bytes ${directoryStart} to ${directoryStart + directoryBytes}, ` +
        `expected to end at ${directoryEnd}`,
    );
  }
  if (count > MAX_MEMBERS) {
    throw new ModelError(`Zip archive has ${count} members, the limit is ${MAX_MEMBERS}`);
  }
  const directory = archive.subarray(directoryStart, directoryEnd);
  const entries: Entry[] = [];
  let position = 0;
  while (position < directory.length && entries.length <= count) {
    const { entry, bytes } = readEntry(directory.subarray(position));
    entries.push(entry);
    position += bytes;
  }
  if (entries.length !== count || position !== directory.length) {
    throw new ModelError(
      `Zip directory of ${directory.length} bytes does not hold the ${count} members it claims`,
    );
  }
  return { entries, directoryStart };
}

/** Finds the record at the archive's end; only a comment may follow it. */
function findEnd(archive: Uint8Array): End {
  const view = viewOf(archive);
  const first = Math.max(0, archive.length - END_BYTES - MAX_COMMENT_BYTES);
  for (let position = archive.length - END_BYTES; position >= first; position--) {
    if (view.getUint32(position, true) !== END_SIGNATURE) continue;
    if (position + END_BYTES + view.getUint16(position + 20, true) !== archive.length) continue;
    return readEnd(view, position);
  }
  throw new ModelError(`Zip archive of ${archive.length} bytes has no end: the file is truncated`);
}

function readEnd(view: DataView, position: number): End {
  const [disk, firstDisk] = [
    view.getUint16(position + 4, true),
    view.getUint16(position + 6, true),
  ];
  const end = {
    count: view.getUint16(position + 10, true),
    directoryBytes: view.getUint32(position + 12, true),
    directoryStart: view.getUint32(position + 16, true),
    directoryEnd: position,
  };
  const end64 = readEnd64(view, position - LOCATOR_BYTES);
  const isSplit = end64 === undefined && (disk !== 0 || firstDisk !== 0);
  if (isSplit || view.getUint16(position + 8, true) !== end.count) {
    throw new ModelError("Zip archive is split over several files");
  }
  if (end64 === undefined) return end;
  const agree = (short: number, long: number, open: number) => short === long || short === open;
  if (
    !agree(end.count, end64.count, COUNT_IN_ZIP64) ||
    !agree(end.directoryBytes, end64.directoryBytes, IN_ZIP64) ||
    !agree(end.directoryStart, end64.directoryStart, IN_ZIP64)
  ) throw new ModelError("Zip archive has two ends that contradict each other");
  return end64;
}

/** Reads the zip64 end, if a locator is where one would be. */
function readEnd64(view: DataView, locator: number): End | undefined {
  if (locator < END64_BYTES || view.getUint32(locator, true) !== LOCATOR_SIGNATURE) {
    return undefined;
  }
  const position = getUint64(view, locator + 8);
  if (
    position + END64_BYTES > locator || view.getUint32(position, true) !== END64_SIGNATURE ||
    position + 12 + getUint64(view, position + 4) !== locator
  ) throw new ModelError(`Zip archive has no zip64 end at byte ${position}, where it claims one`);
  const count = getUint64(view, position + 32);
  if (getUint64(view, position + 24) !== count) {
    throw new ModelError("Zip archive is split over several files");
  }
  return {
    count,
    directoryBytes: getUint64(view, position + 40),
    directoryStart: getUint64(view, position + 48),
    directoryEnd: position,
  };
}

function readEntry(directory: Uint8Array): { entry: Entry; bytes: number } {
  if (
    directory.length < ENTRY_BYTES || viewOf(directory).getUint32(0, true) !== ENTRY_SIGNATURE
  ) throw new ModelError("Zip directory is damaged");
  const view = viewOf(directory);
  const nameEnd = ENTRY_BYTES + view.getUint16(28, true);
  const extraEnd = nameEnd + view.getUint16(30, true);
  const bytes = extraEnd + view.getUint16(32, true);
  if (bytes > directory.length) throw new ModelError("Zip directory is truncated");
  const name = decodeName(directory.subarray(ENTRY_BYTES, nameEnd));
  const short = [view.getUint32(24, true), view.getUint32(20, true), view.getUint32(42, true)];
  const [size, packed, start] = widen(short, directory.subarray(nameEnd, extraEnd), name);
  const entry = {
    name,
    flags: view.getUint16(8, true),
    method: view.getUint16(10, true),
    crc: view.getUint32(16, true),
    packed,
    size,
    start,
  };
  return { entry, bytes };
}

/** Takes from the zip64 field, in their order, the values that the short fields have no room for. */
function widen(short: readonly number[], extra: Uint8Array, name: string): number[] {
  if (!short.includes(IN_ZIP64)) return [...short];
  const field = findField(extra, ZIP64_FIELD);
  let position = 0;
  return short.map((value) => {
    if (value !== IN_ZIP64) return value;
    if (position + 8 > (field?.byteLength ?? 0)) {
      throw new ModelError(`Zip member ${quote(name)} lacks its zip64 sizes`);
    }
    position += 8;
    return getUint64(field!, position - 8);
  });
}

function findField(extra: Uint8Array, wanted: number): DataView | undefined {
  const view = viewOf(extra);
  for (let position = 0; position + 4 <= extra.length;) {
    const bytes = view.getUint16(position + 2, true);
    const field = extra.subarray(position + 4, position + 4 + bytes);
    if (view.getUint16(position, true) === wanted) return viewOf(field);
    position += 4 + bytes;
  }
  return undefined;
}

/** Refuses bombs by what they claim, before anything is inflated. */
function checkSizes(entries: readonly Entry[], archiveBytes: number): void {
  const claimed = entries.reduce((sum, { size }) => sum + size, 0);
  const limit = FREE_BYTES + MAX_EXPANSION * archiveBytes;
  if (claimed > limit) {
    throw new ModelError(
      `Zip members claim ${claimed} bytes, the limit for an archive of ${archiveBytes} is ${limit}`,
    );
  }
}

/** Compares a member's own header with the directory, and finds its bytes. */
function locate(entry: Entry, archive: Uint8Array, directoryStart: number): Member {
  checkKind(entry);
  const header = archive.subarray(entry.start, entry.start + LOCAL_BYTES);
  const view = viewOf(header);
  if (header.length < LOCAL_BYTES || view.getUint32(0, true) !== LOCAL_SIGNATURE) {
    refuse(entry, `has no header at byte ${entry.start}`);
  }
  const nameStart = entry.start + LOCAL_BYTES;
  const nameEnd = nameStart + view.getUint16(26, true);
  const dataStart = nameEnd + view.getUint16(28, true);
  const end = dataStart + entry.packed;
  if (end > directoryStart) {
    refuse(entry, `ends at byte ${end}, after the directory's start at ${directoryStart}`);
  }
  const name = decodeName(archive.subarray(nameStart, nameEnd));
  if (name !== entry.name) refuse(entry, `calls itself ${quote(name)}`);
  const short = [view.getUint32(22, true), view.getUint32(18, true)];
  const [size, packed] = widen(short, archive.subarray(nameEnd, dataStart), name);
  const own = { flags: view.getUint16(6, true), method: view.getUint16(8, true) };
  checkAgreement(entry, { ...own, crc: view.getUint32(14, true), packed, size });
  return { ...entry, data: archive.subarray(dataStart, end), end };
}

function checkKind(entry: Entry): void {
  const { flags, method, packed, size } = entry;
  if (flags & ENCRYPTED) refuse(entry, "is encrypted");
  if (flags & ~KNOWN_FLAGS) {
    refuse(
      entry,
      `has the flags ${hex(flags)}, of which ${hex(flags & ~KNOWN_FLAGS)} is not known`,
    );
  }
  if (method !== STORED && method !== DEFLATED) {
    refuse(entry, `is packed by method ${method}, expected 0 (stored) or 8 (deflated)`);
  }
  if (method === STORED && packed !== size) {
    refuse(entry, `is stored, but claims ${packed} bytes packed and ${size} unpacked`);
  }
}

/** CRC and sizes may be left out before a member whose sizes follow it. */
function checkAgreement(entry: Entry, own: Omit<Entry, "name" | "start">): void {
  for (const key of ["flags", "method", "crc", "packed", "size"] as const) {
    if (own[key] === entry[key]) continue;
    const follows = key !== "flags" && key !== "method" && (entry.flags & SIZES_FOLLOW) !== 0;
    if (follows && own[key] === 0) continue;
    refuse(
      entry,
      `has ${key} ${hex(own[key])} in its header and ${hex(entry[key])} in the directory`,
    );
  }
}

/** Refuses members that share bytes, of which a small archive could hold any number. */
function checkApart(members: readonly Member[], directoryStart: number): void {
  const ordered = members.toSorted((a, b) => a.start - b.start);
  ordered.forEach((member, i) => {
    const next = ordered[i + 1]?.start ?? directoryStart;
    if (member.end > next) refuse(member, `ends at byte ${member.end}, the next begins at ${next}`);
  });
}

async function unpack(member: Member): Promise<Uint8Array> {
  const bytes = member.method === STORED ? member.data : await inflate(member);
  const crc = crc32(bytes);
  if (crc !== member.crc) {
    refuse(member, `is damaged: its CRC-32 is ${hex(crc)}, expected ${hex(member.crc)}`);
  }
  return bytes;
}

/** Inflates to exactly the size that the member claims. */
async function inflate(member: Member): Promise<Uint8Array> {
  const bytes = new Uint8Array(member.size);
  const inflated = streamOf(member.data).pipeThrough(new DecompressionStream("deflate-raw"));
  const reader = inflated.getReader();
  let position = 0;
  for (;;) {
    const { value, done } = await reader.read().catch(() =>
      refuse(member, `is no valid deflate stream after ${position} of ${bytes.length} bytes`)
    );
    if (done) break;
    if (position + value.length > bytes.length) {
      reader.cancel().catch(() => {});
      refuse(member, `inflates to more than the ${bytes.length} bytes it claims`);
    }
    bytes.set(value, position);
    position += value.length;
  }
  if (position < bytes.length) {
    refuse(member, `inflates to ${position} bytes, but claims ${bytes.length}`);
  }
  return bytes;
}

/** Hands bytes on in small pieces, so that what comes out of each is small as well. */
function streamOf(data: Uint8Array): ReadableStream<Uint8Array<ArrayBuffer>> {
  let position = 0;
  return new ReadableStream({
    pull(controller) {
      const piece = data.slice(position, position + INFLATE_BYTES);
      position += piece.length;
      if (piece.length === 0) controller.close();
      else controller.enqueue(piece);
    },
  });
}

function decodeName(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ModelError(`Zip archive has a name of ${bytes.length} bytes that is not UTF-8`);
  }
}

function refuse({ name }: Entry, reason: string): never {
  throw new ModelError(`Zip member ${quote(name)} ${reason}`);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Reads 64 bits; what is too large for a number is too large for any file, and stays so. */
function getUint64(view: DataView, position: number): number {
  return Number(view.getBigUint64(position, true));
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
