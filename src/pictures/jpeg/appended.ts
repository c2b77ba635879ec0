/**
 * What stands in a JPEG file beside its picture, as its segments and the bytes behind it tell: gain maps, videos,
 * and more pictures. XMP may be silent about it.
 *
 * Sources: CIPA DC-007 (MPF); ISO 21496-1, annex C (gain maps in JPEG).
 */

import { startsWith, viewOf } from "../bytes.ts";
import { DEPTH_LEFT_OUT, GAIN_MAP_LEFT_OUT, VIDEO_LEFT_OUT } from "../metadata/appended.ts";
import { readTiffDirectory } from "../tiff/tags.ts";

const MPF_PREFIX = "MPF\0";
const GAIN_MAP_PREFIX = "urn:iso:std:iso:ts:21496:-1\0";

/** The entry of MPF that lists pictures, and the bytes of each: kind, length, place, and more. */
const PICTURES_TAG = 0xb002;
const PICTURE_BYTES = 16;

/** Kinds of pictures in MPF: the upper byte of three, the lowest of which tell more. */
const KIND_THUMBNAIL = 0x01;
const KIND_MULTIPLE = 0x02;
const KIND_DISPARITY = 0x020002;

/** What a gain map says of itself near its beginning. */
const GAIN_MAP_WORDS = ["hdrgm:Version", "HDRGainMap", GAIN_MAP_PREFIX];

/** Bytes of an appended picture, or behind the picture, in which such words are looked for. */
const SEARCHED_BYTES = 2 ** 16;

/** Collects what the APP2 segments of a file say. */
export class AppendedParts {
  #hasGainMap = false;
  readonly #pictures: { kind: number; at: number }[] = [];

  /**
   * Takes a segment's data, and says whether it is about what is appended.
   *
   * @param at where the data stands in the file
   */
  add(data: Uint8Array, at: number): boolean {
    if (startsWith(data, GAIN_MAP_PREFIX)) this.#hasGainMap = true;
    else if (startsWith(data, MPF_PREFIX)) this.#readPictures(data, at);
    else return false;
    return true;
  }

  /**
   * Says what is left out, for people.
   *
   * @param bytes the whole file
   * @param end where its picture ends
   */
  leftOut(bytes: Uint8Array, end: number): string[] {
    const others = this.#pictures.filter(({ kind }) => kind >> 16 !== KIND_THUMBNAIL);
    const isGainMap = others.some(({ at }) => hasAny(bytes.subarray(at), GAIN_MAP_WORDS));
    const isDepth = others.some(({ kind }) => kind === KIND_DISPARITY);
    const more = others.filter(({ kind }) => {
      return kind >> 16 === KIND_MULTIPLE && kind !== KIND_DISPARITY;
    }).length;
    return [
      ...this.#hasGainMap || isGainMap ? [GAIN_MAP_LEFT_OUT] : [],
      ...isDepth ? [DEPTH_LEFT_OUT] : [],
      ...more > 0 ? [`of the ${more + 1} pictures only the first is read`] : [],
      ...isVideo(bytes, end) ? [VIDEO_LEFT_OUT] : [],
    ];
  }

  #readPictures(data: Uint8Array, at: number): void {
    const directory = readTiffDirectory(data.subarray(MPF_PREFIX.length));
    const list = directory?.entries.get(PICTURES_TAG)?.value ?? new Uint8Array(0);
    // The first is the picture itself.
    for (let i = PICTURE_BYTES; i + PICTURE_BYTES <= list.length; i += PICTURE_BYTES) {
      const number = (offset: number) => viewOf(list).getUint32(i + offset, directory!.little);
      const place = at + MPF_PREFIX.length + number(8);
      this.#pictures.push({ kind: number(0) & 0xffffff, at: place });
    }
  }
}

/** Says whether what stands behind a picture begins like a video, or is said to be one at its end. */
function isVideo(bytes: Uint8Array, end: number): boolean {
  const isMp4 = startsWith(bytes.subarray(end + 4), "ftyp");
  return isMp4 || (end < bytes.length && hasAny(bytes.subarray(Math.max(end, bytes.length - 512)), [
    "MotionPhoto_Data",
  ]));
}

function hasAny(bytes: Uint8Array, words: readonly string[]): boolean {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, SEARCHED_BYTES));
  return words.some((word) => text.includes(word));
}
