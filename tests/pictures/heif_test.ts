/**
 * AVIF and HEIC files of several items: grids, alpha, gain maps, depth, and which metadata belongs to which. The
 * pictures among `cases` were made of plain colours by avifenc and heif-enc.
 */

import assert from "node:assert/strict";
import { concatBytes, latin1 } from "../../src/pictures/bytes.ts";
import { big, boxOf } from "../../src/pictures/codecs/boxes.ts";
import { readHeifParts } from "../../src/pictures/codecs/heif_container.ts";
import { decodePicture, type Picture } from "../../src/pictures/mod.ts";
import { damage } from "./damage.ts";
import { randomFrom } from "./fixtures.ts";

async function read(name: string): Promise<Picture> {
  return await decodePicture(Deno.readFileSync(new URL(`cases/${name}`, import.meta.url)));
}

function pixelOf({ width, channels, data }: Picture, x: number, y: number): number[] {
  return [...data.subarray((y * width + x) * channels, (y * width + x + 1) * channels)];
}

function assertNear(actual: number[], expected: number[], tolerance: number): void {
  const isNear = actual.length === expected.length &&
    actual.every((value, i) => Math.abs(value - expected[i]) <= tolerance);
  assert.ok(isNear, `${actual}, not ${expected}`);
}

Deno.test("HEIF: a grid whose tiles repeat its turn is turned once, as a whole", async () => {
  const picture = await read("avif_grid_turned.avif");
  assert.deepEqual([picture.width, picture.height, picture.channels], [64, 128, 3]);
  // Stored: orange to blue from top to bottom on the left, and its negative on the right.
  assertNear(pixelOf(picture, 0, 0), [0, 127, 255], 3);
  assertNear(pixelOf(picture, 63, 0), [255, 191, 0], 3);
  assertNear(pixelOf(picture, 0, 127), [255, 128, 0], 3);
  assertNear(pixelOf(picture, 63, 127), [0, 64, 255], 3);
});

Deno.test("HEIF: colours that are multiplied by alpha are divided by it", async () => {
  const picture = await read("avif_premultiplied.avif");
  assert.deepEqual([picture.width, picture.height, picture.channels], [32, 24, 4]);
  assertNear(pixelOf(picture, 9, 0), [192, 128, 64, 255], 2);
  const [red, green, blue, alpha] = pixelOf(picture, 9, 12);
  assert.ok(alpha > 100 && alpha < 140, `${alpha}`);
  assertNear([red, green, blue], [192, 128, 64], 4);
});

Deno.test("HEIF: 10 bits of a HEIC become 16", async () => {
  const picture = await read("heic_10_bits.heic");
  assert.deepEqual([picture.width, picture.height, picture.depth], [64, 16, 16]);
  const row = Array.from({ length: 64 }, (_, x) => pixelOf(picture, x, 8)[0]);
  assert.deepEqual([row[0], row[63]], [65535, 0]);
  row.forEach((value, x) => assert.ok(Math.abs(value - (1 - x / 63) * 65535) < 130, `${value}`));
});

Deno.test("HEIF: of several pictures in a HEIC the main one is read, and that is said", async () => {
  const picture = await read("heic_two_pictures.heic");
  assertNear(pixelOf(picture, 16, 12), [255, 0, 0], 2);
  assert.deepEqual(picture.notes, ["of the 2 pictures only the main one is read"]);
});

Deno.test("HEIF: the decoder of HEIC writes nothing to the console", async () => {
  const file = Deno.readFileSync(new URL("cases/heic_10_bits.heic", import.meta.url));
  const random = randomFrom(3);
  const said: unknown[] = [];
  const names = ["log", "warn", "error"] as const;
  const output = globalThis.console;
  const before = names.map((name) => output[name]);
  names.forEach((name) => output[name] = (...words: unknown[]) => said.push(...words));
  try {
    for (let i = 0; i < 40; i++) await decodePicture(damage(file, random)).catch(() => {});
  } finally {
    names.forEach((name, i) => output[name] = before[i]);
  }
  assert.deepEqual(said, []);
});

/** What an item is made of, in {@linkcode heif}. */
interface TestItem {
  id: number;
  type: string;
  contentType?: string;
  hidden?: boolean;
  data?: Uint8Array;
  /** Numbers of properties, from 1. */
  properties?: number[];
}

/** Boxes of a file without sound pixels, the data of whose items stands in `idat`. */
function heif(
  items: TestItem[],
  references: [type: string, from: number, ...to: number[]][],
  properties: Uint8Array[],
): Uint8Array {
  let at = 0;
  const places = items.map(({ id, data = new Uint8Array(0) }) => {
    const place = concatBytes([
      ...[big(id, 2), big(1, 2), big(0, 2), big(1, 2), big(at, 4), big(data.length, 4)],
    ]);
    at += data.length;
    return place;
  });
  const entries = items.map(({ id, type, contentType, hidden = false }) =>
    boxOf(
      "infe",
      big(0x02000000 + Number(hidden), 4),
      big(id, 2),
      big(0, 2),
      latin1(contentType === undefined ? `${type}\0` : `${type}\0${contentType}\0`),
    )
  );
  const associations = items.map(({ id, properties = [] }) =>
    concatBytes([big(id, 2), big(properties.length, 1), Uint8Array.from(properties)])
  );
  const meta = boxOf(
    "meta",
    big(0, 4),
    boxOf("pitm", big(0, 4), big(1, 2)),
    boxOf("iinf", big(0, 4), big(items.length, 2), ...entries),
    boxOf("iloc", big(0x01000000, 4), big(0x4400, 2), big(items.length, 2), ...places),
    boxOf(
      "iref",
      big(0, 4),
      ...references.map(([type, from, ...to]) =>
        boxOf(type, big(from, 2), big(to.length, 2), ...to.map((id) => big(id, 2)))
      ),
    ),
    boxOf(
      "iprp",
      boxOf("ipco", ...properties),
      boxOf("ipma", big(0, 4), big(items.length, 4), ...associations),
    ),
    boxOf("idat", ...items.map(({ data = new Uint8Array(0) }) => data)),
  );
  return concatBytes([boxOf("ftyp", latin1("heic\0\0\0\0mif1heic")), meta]);
}

function auxiliary(name: string): Uint8Array {
  return boxOf("auxC", big(0, 4), latin1(`${name}\0`));
}

const XMP = "application/rdf+xml";

Deno.test("HEIF: XMP and EXIF of a gain map are not those of the picture", () => {
  const gainMapXmp = latin1(`<rdf:Description HDRGainMap:HDRGainMapVersion="65536"/>`);
  const ownXmp = latin1(`<rdf:Description dc:title="own"/>`);
  const file = heif(
    [
      { id: 1, type: "hvc1" },
      { id: 2, type: "hvc1", hidden: true, properties: [1] },
      { id: 3, type: "mime", contentType: XMP, data: gainMapXmp },
      { id: 4, type: "Exif", data: latin1("\0\0\0\0II*\0of the gain map") },
      { id: 5, type: "mime", contentType: XMP, data: ownXmp },
      { id: 6, type: "Exif", data: latin1("\0\0\0\0II*\0own") },
    ],
    [["auxl", 2, 1], ["cdsc", 3, 2], ["cdsc", 4, 2], ["cdsc", 5, 1], ["cdsc", 6, 2, 1]],
    [auxiliary("urn:com:apple:photo:2020:aux:hdrgainmap")],
  );
  const { metadata, notes } = readHeifParts("HEIC", file, 1e6);
  assert.deepEqual([metadata.xmp, metadata.exif], [ownXmp, latin1("II*\0own")]);
  assert.equal(notes.length, 1);
  assert.match(notes[0], /gain map/);
});

Deno.test("HEIF: gain maps by ISO 21496-1, depth maps, and an XMP that claims one", () => {
  const xmp = `<rdf:Description hdrgm:Version="1.0"/>`;
  const file = heif(
    [
      { id: 1, type: "grid" },
      { id: 2, type: "hvc1" },
      { id: 3, type: "hvc1" },
      { id: 4, type: "hvc1", hidden: true },
      { id: 5, type: "tmap" },
      { id: 6, type: "hvc1", properties: [1] },
      { id: 7, type: "hvc1" },
      { id: 8, type: "mime", contentType: XMP, data: latin1(xmp) },
    ],
    [
      ["dimg", 1, 2, 3],
      ["dimg", 5, 1, 4],
      ["auxl", 6, 1],
      ["thmb", 7, 1],
    ],
    [auxiliary("urn:mpeg:hevc:2015:auxid:2")],
  );
  const { metadata, notes, coding } = readHeifParts("HEIC", file, 1e6);
  assert.deepEqual(notes.map((note) => note.slice(0, 16)), [
    "its gain map (Ul",
    "its depth map is",
  ]);
  assert.equal(coding, "hvc1");
  assert.doesNotMatch(new TextDecoder().decode(metadata.xmp), /hdrgm:Version/);
});

Deno.test("HEIF: bits are those that are said, else those of the codec", () => {
  const hevc = new Uint8Array(23);
  hevc[17] = 0xf8 | 4;
  const cases: [Uint8Array, number][] = [
    [boxOf("pixi", big(0, 4), Uint8Array.of(3, 10, 10, 10)), 10],
    [boxOf("hvcC", hevc), 12],
    [boxOf("av1C", Uint8Array.of(0x81, 0, 0x40, 0)), 10],
    [boxOf("av1C", Uint8Array.of(0x81, 0, 0x60, 0)), 12],
    [boxOf("av1C", Uint8Array.of(0x81, 0, 0, 0)), 8],
  ];
  for (const [property, bits] of cases) {
    const tiles = heif(
      [{ id: 1, type: "grid" }, { id: 2, type: "hvc1", properties: [1] }],
      [["dimg", 1, 2]],
      [property],
    );
    assert.equal(readHeifParts("HEIC", tiles, 1e6).bits, bits);
  }
});

Deno.test("HEIF: a coding that is not read is named, and not called damaged", async () => {
  const file = heif([{ id: 1, type: "avc1" }], [], []);
  await assert.rejects(decodePicture(file), /is coded by H\.264, which Tessera cannot read/);
});

Deno.test("HEIF: items that refer to themselves or to none end no search", () => {
  const file = heif(
    [{ id: 1, type: "grid" }],
    [["dimg", 1, 1], ["dimg", 9, 8], ["auxl", 7, 1], ["prem", 1, 1]],
    [],
  );
  assert.equal(readHeifParts("HEIC", file, 1e6).coding, "grid");
});
