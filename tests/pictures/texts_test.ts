/**
 * Texts, raw profiles, comments and XMP: what comes in one format goes out in each, and what would be wrong
 * of the larger picture is brought up to date.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { concatBytes, latin1 } from "../../src/pictures/bytes.ts";
import { jpegSegment } from "../../src/pictures/jpeg/segments.ts";
import { EXTENSION_PREFIX, withXmpSize, XMP_PREFIX } from "../../src/pictures/metadata/xmp.ts";
import {
  decodePicture,
  encodePicture,
  lossesOf,
  type Metadata,
  type Picture,
  type PictureText,
  uprightExif,
} from "../../src/pictures/mod.ts";
import { inFolder, runProgram } from "../cli/program.ts";
import { hasShared, shared } from "../reference/shared.ts";
import { pngChunk, rawPng, testExif, testPicture, testProfile } from "./fixtures.ts";

const PARAMETERS = 'a bird, <b> & "quotes"\nSteps: 40';

const TEXTS: PictureText[] = [
  { keyword: "parameters", text: PARAMETERS, form: "tEXt" },
  { keyword: "Title", text: "Ein Vögelchen", form: "tEXt" },
  {
    keyword: "Title",
    text: "\u9ce5",
    form: "iTXt",
    compressed: false,
    language: "ja",
    translated: "\u984c",
  },
  { keyword: "Copyright", text: "Jane ".repeat(500), form: "zTXt", compressed: true },
  {
    keyword: "prompt",
    text: "\u{1f426} bird",
    form: "iTXt",
    compressed: true,
    language: "",
    translated: "",
  },
];

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function textOf(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}

/** Writes a small picture with metadata in a format, and returns the metadata that is read again. */
async function through(
  metadata: Metadata,
  format: "png" | "jpeg" | "webp" | "avif" | "jxl",
): Promise<Metadata> {
  const picture = testPicture(20, 16, 3, 8, metadata);
  assert.deepEqual(lossesOf(picture, format), []);
  return (await decodePicture(await encodePicture(picture, { format }))).metadata;
}

/** Decodes a PNG of two pixels, 7 and 8, with these chunks. */
async function decodePngWith(...chunks: Uint8Array[]): Promise<Picture> {
  const png = { width: 2, height: 1, bits: 8, colourType: 0, rows: Uint8Array.of(0, 7, 8) };
  return await decodePicture(rawPng({ ...png, chunks }));
}

async function pngWith(...chunks: Uint8Array[]): Promise<Metadata> {
  return (await decodePngWith(...chunks)).metadata;
}

/** A JPEG file with segments put in before the picture's own. */
async function jpegWith(...segments: Uint8Array[]): Promise<Metadata> {
  const file = await encodePicture(testPicture(20, 16, 3), { format: "jpeg" });
  const bytes = concatBytes([file.subarray(0, 2), ...segments, file.subarray(2)]);
  return (await decodePicture(bytes)).metadata;
}

Deno.test("texts of a PNG come back as they were, in their order", async () => {
  assert.deepEqual((await through({ texts: TEXTS }, "png")).texts, TEXTS);
});

Deno.test("texts go into XMP and EXIF where there is no place for them", async () => {
  for (const format of ["jpeg", "webp", "avif", "jxl"] as const) {
    const { texts, xmp, exif } = await through({ texts: TEXTS }, format);
    assert.equal(texts, undefined);
    const packet = textOf(xmp);
    assert.equal(packet.match(/<texts:Keyword>/g)!.length, TEXTS.length);
    assert.ok(
      packet.includes("a bird, &lt;b&gt; &amp; &quot;quotes&quot;\nSteps: 40</texts:Text>"),
    );
    assert.match(packet, /<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Ein Vögelchen</);
    assert.equal(packet.match(/<dc:title>/g)!.length, 1);
    const comment = new TextDecoder("latin1").decode(exif).replaceAll("\0", "");
    assert.ok(comment.includes(`UNICODE${PARAMETERS}`), format);
  }
});

Deno.test("a packet keeps its own title, and EXIF its own comment and entries", async () => {
  const xmp = utf8(
    `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
      `<rdf:Description rdf:about="" xmlns:dc="d"><dc:title>mine</dc:title></rdf:Description>` +
      `</rdf:RDF></x:xmpmeta>`,
  );
  const first = await through({ texts: TEXTS, xmp, exif: testExif(1) }, "jpeg");
  assert.equal(textOf(first.xmp).match(/<dc:title>/g)!.length, 1);
  assert.match(textOf(first.xmp), /<dc:title>mine<.*<texts:Keyword>Title</s);
  assert.ok(first.exif!.length > testExif(1).length);
  const second = await through(
    { exif: first.exif!, texts: [{ keyword: "parameters", text: "other" }] },
    "webp",
  );
  assert.ok(
    new TextDecoder("latin1").decode(second.exif).replaceAll("\0", "").includes(PARAMETERS),
  );
});

Deno.test("texts that XMP cannot take are said to be lost", () => {
  const xmp = utf8("no packet at all");
  const picture = testPicture(4, 4, 3, 8, { texts: TEXTS, xmp });
  assert.match(lossesOf(picture, "jpeg").join(), /no place for texts/);
  assert.deepEqual(lossesOf(picture, "png"), []);
});

Deno.test("raw profiles of a PNG are read: EXIF, XMP, IPTC and ICC", async () => {
  const rawProfile = (name: string, bytes: Uint8Array) => {
    const hex = bytes.toHex().replace(/.{72}/g, "$&\n");
    return pngChunk(
      "tEXt",
      latin1(`Raw profile type ${name}\0\n${name}\n${bytes.length}\n${hex}\n`),
    );
  };
  const exif = uprightExif(testExif(1))!;
  const prefixed = concatBytes([latin1("Exif\0\0"), exif]);
  const packet = utf8("<x:xmpmeta/>");
  const icc = testProfile("GRAY", 300);
  assert.deepEqual((await pngWith(rawProfile("exif", prefixed))).exif, exif);
  assert.deepEqual((await pngWith(rawProfile("exif", exif))).exif, exif);
  assert.deepEqual((await pngWith(rawProfile("APP1", prefixed))).exif, exif);
  const turned = await decodePngWith(rawProfile("exif", testExif(3)));
  assert.deepEqual([...turned.data], [8, 7]);
  const xmp = concatBytes([latin1(XMP_PREFIX), packet]);
  assert.deepEqual((await pngWith(rawProfile("APP1", xmp))).xmp, packet);
  assert.deepEqual((await pngWith(rawProfile("xmp", packet))).xmp, packet);
  assert.ok((await pngWith(rawProfile("icc", icc))).icc !== undefined);
  const both = await pngWith(pngChunk("eXIf", exif), rawProfile("exif", testExif(3)));
  assert.deepEqual(both.exif, exif, "the chunk of its own wins");
  for (const text of ["exif\n4\n00", "exif\n2\nzz zz", ""]) {
    const damaged = pngChunk("tEXt", latin1(`Raw profile type exif\0${text}`));
    assert.deepEqual(await pngWith(damaged), {});
  }
});

Deno.test({
  name: "png_raw_profile_exif.png is turned upright by its raw profile (../shared/cases)",
  ignore: !hasShared("cases"),
  async fn() {
    const file = await Deno.readFile(shared("cases/png_raw_profile_exif.png"));
    const { metadata } = await decodePicture(file);
    assert.ok(metadata.exif !== undefined);
    assert.ok(metadata.texts!.every(({ keyword }) => !keyword.startsWith("Raw profile")));
  },
});

Deno.test("comments of a JPEG stay comments, and become texts elsewhere", async () => {
  const comments = [jpegSegment(0xfe, utf8("Grüße")), jpegSegment(0xfe, latin1("caf\xe9\0"))];
  const metadata = await jpegWith(...comments);
  const texts = [{ keyword: "Comment", text: "Grüße" }, { keyword: "Comment", text: "café" }];
  assert.deepEqual(metadata.texts, texts);
  assert.deepEqual((await through(metadata, "jpeg")).texts, texts);
  const png = await through(metadata, "png");
  assert.deepEqual(png.texts!.map(({ keyword, text }) => ({ keyword, text })), texts);
  assert.match(textOf((await through(metadata, "webp")).xmp), /<texts:Text>Grüße<.*>café</s);
});

Deno.test("XMP beyond a segment is kept by JPEG, byte for byte", async () => {
  const items = Array.from({ length: 6000 }, (_, i) => `<rdf:li>item ${i} ü</rdf:li>`).join("");
  const xmp = utf8(
    `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r"><rdf:Description rdf:about="">` +
      `<rdf:Bag>${items}</rdf:Bag></rdf:Description></rdf:RDF></x:xmpmeta>`,
  );
  assert.ok(xmp.length > 2 * 65_535);
  const metadata = await through({ xmp }, "jpeg");
  assert.equal(textOf(metadata.xmp), textOf(xmp));
  assert.equal(textOf((await through(metadata, "jpeg")).xmp), textOf(xmp));
});

/** A packet of a camera whose extension holds one more property. */
function extendedXmp(name: string, parts: (extension: Uint8Array) => [number, Uint8Array][]) {
  const main = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r">` +
    `<rdf:Description rdf:about="" xmlns:xmpNote="n" xmlns:dc="d" dc:format="image/jpeg" ` +
    `xmpNote:HasExtendedXMP="${name}"/></rdf:RDF></x:xmpmeta>`;
  const extension = utf8(
    `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r" xmlns:GImage="g">` +
      `<rdf:Description rdf:about="" GImage:Data="AAAA"/></rdf:RDF></x:xmpmeta>`,
  );
  const segments = parts(extension).map(([at, data]) => {
    const head = new Uint8Array(8);
    new DataView(head.buffer).setUint32(0, extension.length);
    new DataView(head.buffer).setUint32(4, at);
    return jpegSegment(0xe1, concatBytes([latin1(EXTENSION_PREFIX + name), head, data]));
  });
  return [jpegSegment(0xe1, concatBytes([latin1(XMP_PREFIX), utf8(main)])), ...segments];
}

Deno.test("extended XMP is joined to its packet, whatever the order of its parts", async () => {
  const name = "0123456789ABCDEF0123456789ABCDEF";
  const whole = await jpegWith(...extendedXmp(name, (data) => [
    [50, data.subarray(50)],
    [0, data.subarray(0, 50)],
  ]));
  const text = textOf(whole.xmp);
  assert.match(text, /dc:format="image\/jpeg"/);
  assert.match(text, /<rdf:Description xmlns:GImage="g" rdf:about="" GImage:Data="AAAA"\/>/);
  assert.doesNotMatch(text, /HasExtendedXMP/);
  const torn = await jpegWith(...extendedXmp(name, (data) => [[50, data.subarray(50)]]));
  assert.match(textOf(torn.xmp), /dc:format="image\/jpeg"/);
  assert.doesNotMatch(textOf(torn.xmp), /HasExtendedXMP|GImage/);
});

Deno.test("sizes in XMP are those of the result, as attributes and as elements", () => {
  const xmp = utf8(
    `<rdf:Description exif:PixelXDimension="100" tiff:ImageLength='50' exif:ColorSpace="1">` +
      `<exif:PixelYDimension>50</exif:PixelYDimension></rdf:Description>`,
  );
  assert.equal(
    textOf(withXmpSize(xmp, 400, 200)),
    `<rdf:Description exif:PixelXDimension="400" tiff:ImageLength='200' exif:ColorSpace="1">` +
      `<exif:PixelYDimension>200</exif:PixelYDimension></rdf:Description>`,
  );
});

Deno.test("a panorama grows with its picture, and claims nothing once it is cut", () => {
  const panorama = `<rdf:Description GPano:ProjectionType="equirectangular" ` +
    `GPano:FullPanoWidthPixels="4000" GPano:FullPanoHeightPixels="2000" ` +
    `GPano:CroppedAreaImageWidthPixels="3000" GPano:CroppedAreaImageHeightPixels="1000" ` +
    `GPano:CroppedAreaLeftPixels="500" dc:format="x">` +
    `<GPano:CroppedAreaTopPixels>400</GPano:CroppedAreaTopPixels></rdf:Description>`;
  assert.equal(
    textOf(withXmpSize(utf8(panorama), 6000, 2000)),
    `<rdf:Description GPano:ProjectionType="equirectangular" ` +
      `GPano:FullPanoWidthPixels="8000" GPano:FullPanoHeightPixels="4000" ` +
      `GPano:CroppedAreaImageWidthPixels="6000" GPano:CroppedAreaImageHeightPixels="2000" ` +
      `GPano:CroppedAreaLeftPixels="1000" dc:format="x">` +
      `<GPano:CroppedAreaTopPixels>800</GPano:CroppedAreaTopPixels></rdf:Description>`,
  );
  const cut = textOf(withXmpSize(utf8(panorama), 3840, 2160));
  assert.equal(cut, `<rdf:Description dc:format="x"></rdf:Description>`);
});

Deno.test("through the program: texts, --strip, and the date with --keep-date", async () => {
  await inFolder(async (folder) => {
    const input = join(folder, "a.png");
    const file = new URL("cases/png_text_parameters.png", import.meta.url);
    await Deno.copyFile(file, input);
    await Deno.chmod(input, 0o644);
    const date = new Date("2020-02-03T04:05:06Z");
    await Deno.utime(input, date, date);
    const upscale = async (output: string, ...args: string[]) => {
      const all = ["a.png", "-o", output, "--model", "bicubic", "--scale", "2", ...args];
      const { code, stderr } = await runProgram(all, { cwd: folder });
      assert.equal(code, 0, stderr);
      return (await decodePicture(await Deno.readFile(join(folder, output)))).metadata;
    };
    const { texts } = await upscale("b.png", "--keep-date");
    const keywords = texts!.map(({ keyword, form }) => `${form} ${keyword}`).sort();
    assert.deepEqual(keywords, ["iTXt Title", "tEXt Copyright", "tEXt parameters"]);
    assert.deepEqual((await Deno.stat(join(folder, "b.png"))).mtime, date);
    const jpeg = await upscale("b.jpg");
    assert.match(
      textOf(jpeg.xmp),
      /<texts:Keyword>parameters<.*<tessera:History>|<tessera:History>.*<texts:Keyword>parameters</s,
    );
    assert.notDeepEqual((await Deno.stat(join(folder, "b.jpg"))).mtime, date);
    assert.deepEqual(await upscale("c.png", "--strip"), {});
  });
});
