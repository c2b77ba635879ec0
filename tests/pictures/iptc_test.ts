/**
 * IPTC: captions, credits and rights go from format to format, what describes the old pixels does not.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { concatBytes, latin1, viewOf } from "../../src/pictures/bytes.ts";
import { iptcOfRecords, readIptc, writeIptcText } from "../../src/pictures/metadata/iptc.ts";
import { jpegSegment } from "../../src/pictures/jpeg/segments.ts";
import {
  decodePicture,
  encodePicture,
  lossesOf,
  type Metadata,
  stripMetadata,
} from "../../src/pictures/mod.ts";
import { pngChunk, rawPng, testPicture } from "./fixtures.ts";
import { inFolder, runProgram, writePicture } from "../cli/program.ts";

const RECORDS = 0x0404;
const COPYRIGHT_FLAG = 0x040a;
const THUMBNAIL = 0x040c;
const RESOLUTION = 0x03ed;
const PATH = 0x07d0;

const APP13 = 0xed;
const PHOTOSHOP = latin1("Photoshop 3.0\0");

/** An IPTC-IIM record: a caption of random letters. */
function captionOf(length: number): Uint8Array {
  const letters = Uint8Array.from({ length }, () => 97 + Math.random() * 26);
  return concatBytes([Uint8Array.of(0x1c, 2, 120, length >> 8, length & 0xff), letters]);
}

/** One of Photoshop's image resources. */
function resource(number: number, data: Uint8Array, name = ""): Uint8Array {
  const head = Uint8Array.of(number >> 8, number & 0xff, name.length);
  const padding = new Uint8Array((1 + name.length) % 2);
  const length = new Uint8Array(4);
  viewOf(length).setUint32(0, data.length);
  const body = [data, new Uint8Array(data.length % 2)];
  return concatBytes([latin1("8BIM"), head, latin1(name), padding, length, ...body]);
}

/** A JPEG file with image resources in segments of so many bytes. */
async function jpegWith(resources: Uint8Array, segmentBytes: number): Promise<Uint8Array> {
  const jpeg = await encodePicture(testPicture(12, 9, 3), { format: "jpeg" });
  const segments: Uint8Array[] = [];
  for (let at = 0; at < resources.length; at += segmentBytes) {
    const part = resources.subarray(at, at + segmentBytes);
    segments.push(jpegSegment(APP13, concatBytes([PHOTOSHOP, part])));
  }
  return concatBytes([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)]);
}

Deno.test("IPTC: records and rights are kept, in one segment or several; the rest goes", async () => {
  const kept = concatBytes([
    resource(RECORDS, captionOf(301)),
    resource(COPYRIGHT_FLAG, Uint8Array.of(1)),
  ]);
  const resources = concatBytes([
    resource(RESOLUTION, new Uint8Array(16)),
    kept.subarray(0, kept.length - 14),
    resource(THUMBNAIL, new Uint8Array(99)),
    resource(PATH, new Uint8Array(26), "outline"),
    kept.subarray(kept.length - 14),
  ]);
  for (const segmentBytes of [65000, 100]) {
    const { metadata } = await decodePicture(await jpegWith(resources, segmentBytes));
    assert.deepEqual(metadata.iptc, kept);
  }
});

Deno.test("IPTC: damaged resources give what came before the damage, and never an error", async () => {
  const [first, second] = [
    resource(RECORDS, captionOf(20)),
    resource(COPYRIGHT_FLAG, captionOf(3)),
  ];
  const both = concatBytes([first, second]);
  for (let length = 0; length < both.length - 1; length++) {
    // The padding that ends the first one may lack.
    const expected = length < first.length - 1 ? undefined : first;
    const { metadata } = await decodePicture(await jpegWith(both.subarray(0, length), 65000));
    assert.deepEqual(metadata.iptc, expected);
  }
});

Deno.test("IPTC: JPEG and PNG carry it, --strip's function leaves it out, the others say so", async () => {
  const metadata: Metadata = { iptc: resource(RECORDS, captionOf(1000)) };
  const picture = testPicture(12, 9, 3, 8, metadata);
  for (const format of ["jpeg", "png"] as const) {
    const again = await decodePicture(await encodePicture(picture, { format }));
    assert.deepEqual(again.metadata, metadata);
    assert.deepEqual(lossesOf(picture, format), []);
  }
  for (const format of ["webp", "avif", "jxl"] as const) {
    const again = await decodePicture(await encodePicture(picture, { format }));
    assert.deepEqual(again.metadata, {});
    assert.match(lossesOf(picture, format).join(), /no place for IPTC/);
  }
  assert.deepEqual(stripMetadata(picture).metadata, {});
  const long = { ...picture, metadata: { iptc: resource(RECORDS, new Uint8Array(70_000)) } };
  assert.match(lossesOf(long, "jpeg").join(), /64 KB of IPTC/);
  const jpeg = await encodePicture(long, { format: "jpeg" });
  assert.deepEqual((await decodePicture(jpeg)).metadata, {});
});

/** Reads the IPTC of a PNG file that has this text for it. */
async function iptcOf(text: Uint8Array): Promise<Uint8Array | undefined> {
  const chunk = pngChunk("tEXt", concatBytes([latin1("Raw profile type iptc\0"), text]));
  const png = { width: 1, height: 1, bits: 8, colourType: 0, rows: Uint8Array.of(0, 7) };
  return (await decodePicture(rawPng({ ...png, chunks: [chunk] }))).metadata.iptc;
}

Deno.test("IPTC: PNG has it as text, plain too, of resources or of records alone", async () => {
  const records = captionOf(77);
  const iptc = resource(RECORDS, records);
  for (const bytes of [iptc, records]) {
    const text = writeIptcText(bytes);
    assert.deepEqual(await iptcOf(text), iptc);
  }
  for (const text of ["", "iptc", "iptc 2 1c", "iptc 2 8b1m", "iptc 1 00"]) {
    assert.equal(await iptcOf(latin1(text)), undefined, text);
  }
  assert.deepEqual(readIptc(iptc), iptc);
  assert.equal(iptcOfRecords(latin1("caption")), undefined);
});

Deno.test("IPTC: goes through the program, is said to be lost, and goes with --strip", async () => {
  await inFolder(async (folder) => {
    const iptc = resource(RECORDS, captionOf(50));
    await writePicture(join(folder, "a.jpg"), testPicture(12, 9, 3, 8, { iptc }));
    const cases: [output: string, args: string[], kept: boolean, said: RegExp][] = [
      ["b.jpg", [], true, /^(?!.*IPTC)/s],
      ["b.webp", [], false, /WebP has no place for IPTC/],
      ["c.jpg", ["--strip"], false, /^(?!.*IPTC)/s],
    ];
    for (const [output, args, kept, said] of cases) {
      const all = ["a.jpg", "-o", output, "--model", "bicubic", "--scale", "2", ...args];
      const { code, stderr } = await runProgram(all, { cwd: folder });
      assert.equal(code, 0, stderr);
      assert.match(stderr, said);
      const { metadata } = await decodePicture(await Deno.readFile(join(folder, output)));
      assert.deepEqual(metadata.iptc, kept ? iptc : undefined);
    }
  });
});
