/**
 * What stands in a file beside its picture: gain maps, videos, depth maps, more pictures, content credentials. It is
 * left out, that is said, and nothing in the result claims it.
 */

import assert from "node:assert/strict";
import { concatBytes, latin1, viewOf } from "../../src/pictures/bytes.ts";
import { boxOf } from "../../src/pictures/codecs/boxes.ts";
import { readJxlParts } from "../../src/pictures/codecs/jxl_container.ts";
import { jpegSegment } from "../../src/pictures/jpeg/segments.ts";
import { XMP_PREFIX } from "../../src/pictures/metadata/xmp.ts";
import { decodePicture, encodePicture } from "../../src/pictures/mod.ts";
import { TIFF_TYPE, tiffHeader, writeTiffDirectory } from "../../src/pictures/tiff/tags.ts";
import { pngChunk, testPicture } from "./fixtures.ts";

const APP1 = 0xe1;
const APP2 = 0xe2;
const APP11 = 0xeb;

const PLAIN = await encodePicture(testPicture(8, 8, 3), { format: "jpeg" });

const ISO_GAIN_MAP = jpegSegment(APP2, latin1("urn:iso:std:iso:ts:21496:-1\0\0\0\0\0"));

function withSegments(...segments: Uint8Array[]): Uint8Array {
  return concatBytes([PLAIN.subarray(0, 2), ...segments, PLAIN.subarray(2)]);
}

function xmpSegment(inner: string): Uint8Array {
  const packet = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF ` +
    `xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">${inner}</rdf:RDF></x:xmpmeta>`;
  return jpegSegment(APP1, latin1(XMP_PREFIX + packet));
}

/** Pictures behind the first one, and the segment that lists them with their kinds (MPF). */
function withPictures(others: [kind: number, picture: Uint8Array][]): Uint8Array {
  const list = new Uint8Array(16 * (others.length + 1));
  const listed = () =>
    jpegSegment(
      APP2,
      concatBytes([
        latin1("MPF\0"),
        tiffHeader(8, true),
        writeTiffDirectory(
          [{ tag: 0xb002, type: TIFF_TYPE.undefinedBytes, count: list.length, value: list }],
          8,
          0,
          true,
        ),
      ]),
    );
  viewOf(list).setUint32(0, 0x030000, true);
  // Places count from behind the name, which stands 10 bytes into the file.
  let place = PLAIN.length + listed().length - 10;
  others.forEach(([kind, picture], i) => {
    viewOf(list).setUint32(16 * (i + 1), kind, true);
    viewOf(list).setUint32(16 * (i + 1) + 4, picture.length, true);
    viewOf(list).setUint32(16 * (i + 1) + 8, place, true);
    place += picture.length;
  });
  return concatBytes([withSegments(listed()), ...others.map(([, picture]) => picture)]);
}

const GAIN_MAP = /^its gain map \(Ultra HDR\) is left out/;
const VIDEO = /^its video \(motion photo\) is left out/;
const DEPTH = /^its depth map is left out/;

const ADOBE = "http://ns.adobe.com/hdr-gain-map/1.0/";
const CONTAINER = "http://ns.google.com/photos/1.0/container/";

/** Files, and what is to be said of each; what its result must not claim. */
const CASES: Record<string, [file: Uint8Array, notes: RegExp[]]> = {
  "hdrgm as attributes": [
    withSegments(xmpSegment(
      `<rdf:Description xmlns:hdrgm="${ADOBE}" hdrgm:Version="1.0" hdrgm:GainMapMax="2.5"/>`,
    )),
    [GAIN_MAP],
  ],
  "hdrgm as elements, by another prefix": [
    withSegments(xmpSegment(
      `<rdf:Description xmlns:gm="${ADOBE}"><gm:Version>1.0</gm:Version><gm:GainMapMax><rdf:Seq>` +
        `<rdf:li>2</rdf:li></rdf:Seq></gm:GainMapMax></rdf:Description>`,
    )),
    [GAIN_MAP],
  ],
  "GContainer": [
    withSegments(xmpSegment(
      `<rdf:Description xmlns:GContainer="${CONTAINER}" xmlns:GItem="${CONTAINER}item/">` +
        `<GContainer:Directory><rdf:Seq><rdf:li rdf:parseType="Resource"><GContainer:Item ` +
        `GItem:Semantic="Primary" GItem:Mime="image/jpeg"/></rdf:li><rdf:li ` +
        `rdf:parseType="Resource"><GContainer:Item GItem:Semantic="GainMap" ` +
        `GItem:Mime="image/jpeg" GItem:Length="99"/></rdf:li></rdf:Seq></GContainer:Directory>` +
        `</rdf:Description>`,
    )),
    [GAIN_MAP],
  ],
  "items as elements, with depth and another": [
    withSegments(xmpSegment(
      `<rdf:Description xmlns:Container="${CONTAINER}" xmlns:Item="${CONTAINER}item/">` +
        `<Container:Directory><rdf:Seq>` +
        ["Primary", "GainMap", "Depth", "Original"].map((name) =>
          `<rdf:li><Container:Item><Item:Semantic>${name}</Item:Semantic></Container:Item></rdf:li>`
        ).join("") + `</rdf:Seq></Container:Directory></rdf:Description>`,
    )),
    [GAIN_MAP, DEPTH, /^what is appended to it \(Original\) is left out/],
  ],
  "ISO 21496-1 alone": [withSegments(ISO_GAIN_MAP), [GAIN_MAP]],
  "ISO 21496-1 and hdrgm": [
    withSegments(
      ISO_GAIN_MAP,
      xmpSegment(`<rdf:Description xmlns:hdrgm="${ADOBE}" hdrgm:Version="1.0"/>`),
    ),
    [GAIN_MAP],
  ],
  "Apple's, which only MPF and the map itself tell of": [
    withPictures([[
      0,
      concatBytes([
        PLAIN.subarray(0, 2),
        xmpSegment(`<rdf:Description HDRGainMap:HDRGainMapVersion="65536"/>`),
        PLAIN.subarray(2),
      ]),
    ]]),
    [GAIN_MAP],
  ],
  "ISO 21496-1 in the map alone": [
    withPictures([[0, withSegments(ISO_GAIN_MAP)]]),
    [GAIN_MAP],
  ],
  "larger thumbnails": [withPictures([[0x010001, PLAIN], [0x010002, PLAIN]]), []],
  "stereo": [withPictures([[0x020003, PLAIN]]), [/^of the 2 pictures only the first is read/]],
  "disparity": [withPictures([[0x020002, PLAIN]]), [DEPTH]],
  "motion photo": [
    withSegments(xmpSegment(
      `<rdf:Description xmlns:Camera="http://ns.google.com/photos/1.0/camera/" ` +
        `Camera:MotionPhoto="1" Camera:MotionPhotoVersion="1"/>`,
    )),
    [VIDEO],
  ],
  "no motion photo": [
    withSegments(xmpSegment(`<rdf:Description GCamera:MotionPhoto="0"/>`)),
    [],
  ],
  "a video that nothing tells of": [
    concatBytes([PLAIN, latin1("\0\0\0\x18ftypmp42\0\0\0\0isommp42")]),
    [VIDEO],
  ],
  "a video of a Samsung": [
    concatBytes([PLAIN, new Uint8Array(300), latin1("\0\0\x30\x0aMotionPhoto_Data____SEFT")]),
    [VIDEO],
  ],
  "content credentials": [
    withSegments(jpegSegment(APP11, latin1("JP\0\x01\0\0\0\x01\0\0\0\x2ajumb....jumdc2pa"))),
    [/^its content credentials \(C2PA\) are left out/],
  ],
  "nothing": [PLAIN, []],
};

/** What a result that holds the picture alone must not have. */
const CLAIMS =
  /Version="1\.0"|GainMap|gm:Version|Semantic|Directory|MotionPhoto="1"|MPF\0|21496|c2pa|ftyp/;

for (const [name, [file, notes]] of Object.entries(CASES)) {
  Deno.test(`appended: ${name}`, async () => {
    const picture = await decodePicture(file);
    const said = picture.notes ?? [];
    assert.equal(said.length, notes.length, said.join());
    notes.forEach((note, i) => assert.match(said[i], note));
    const again = await encodePicture(picture, { format: "jpeg" });
    assert.doesNotMatch(new TextDecoder("latin1").decode(again), CLAIMS);
  });
}

Deno.test("appended: other properties of the packet stay", async () => {
  const { metadata } = await decodePicture(withSegments(xmpSegment(
    `<rdf:Description xmlns:hdrgm="${ADOBE}" xmlns:dc="http://purl.org/dc/elements/1.1/" ` +
      `hdrgm:Version="1.0" dc:source="mine"><hdrgm:GainMapMin>0</hdrgm:GainMapMin>` +
      `<dc:creator>me</dc:creator></rdf:Description>`,
  )));
  const xmp = new TextDecoder().decode(metadata.xmp);
  assert.match(xmp, /dc:source="mine"/);
  assert.match(xmp, /<dc:creator>me<\/dc:creator>/);
});

Deno.test("appended: a gain map and credentials in JPEG XL and PNG are said to be left out", async () => {
  const jxl = concatBytes([
    boxOf("JXL ", Uint8Array.of(0x0d, 0x0a, 0x87, 0x0a)),
    boxOf("jhgm", new Uint8Array(9)),
    boxOf("jumb", latin1("jumdc2pa")),
    boxOf("xml ", latin1(`<rdf:Description hdrgm:Version="1.0"/>`)),
    boxOf("jxlc", latin1("\xff\x0a")),
  ]);
  const parts = await readJxlParts(jxl);
  assert.deepEqual(parts.notes.map((note) => note.slice(0, 12)), ["its gain map", "its content "]);
  assert.doesNotMatch(new TextDecoder().decode(parts.metadata.xmp), /Version/);
  const png = await encodePicture(testPicture(4, 4, 3), { format: "png" });
  const signed = concatBytes([
    png.subarray(0, 33),
    pngChunk("caBX", latin1("....jumb....jumdc2pa")),
    png.subarray(33),
  ]);
  assert.match((await decodePicture(signed)).notes!.join(), /content credentials/);
});
