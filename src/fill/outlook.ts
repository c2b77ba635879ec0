/** Whether an extension is likely to look right, before the work. */

import type { Content } from "../inspect/mod.ts";
import type { Picture } from "../pictures/picture.ts";
import type { Region } from "../raster/size.ts";
import { edgesOf, type Frame, isFilledBy, type Kept } from "./extend.ts";
import { activityOf, busiestAlong } from "./structures.ts";

/** From this share of the result on, what is made up repeats itself. */
export const MUCH = 0.4;

/**
 * From this mean gradient on, in levels per pixel of a copy of 160 pixels, the edges at which a picture
 * grows show what cannot be continued: of 16 photographs, those of crowded stalls, painted walls and
 * breaking waves are above it.
 */
const BUSY = 60;

/** What is to be expected of an extension. */
export interface ExtensionOutlook {
  /** The share of the result that is made up, 0 to 1. */
  share: number;
  /** Why it will not look right, for people; none: it should. */
  problems: string[];
}

/**
 * Says what to expect.
 *
 * @param faces Where they are, if they were looked for.
 * @param text Where lines of letters are, if they were looked for.
 */
export async function extensionOutlook(
  picture: Picture,
  frame: Frame,
  { content, faces = [], text = [] }: Kept & { content: Content },
): Promise<ExtensionOutlook> {
  const { width, height } = picture;
  const share = 1 - width * height / (frame.width * frame.height);
  const edges = edgesOf(picture, frame);
  if (edges.length === 0) return { share: 0, problems: [] };
  const isAtEdge = ({ x, y, width: wide, height: high }: Region) => {
    const near = Math.min(wide, high) / 4;
    return (edges.includes("left") && x <= near) ||
      (edges.includes("right") && x + wide >= width - near) ||
      (edges.includes("top") && y <= near) ||
      (edges.includes("bottom") && y + high >= height - near);
  };
  const busy = busiestAlong(await activityOf(picture), edges) >= BUSY;
  const problems = [
    ...share > MUCH ? ["so much repeats itself"] : [],
    ...busy ? ["its edges are too busy to continue"] : [],
    ...faces.some(isAtEdge) ? ["a face is at its edge"] : [],
    ...text.some(isAtEdge) ? ["letters are at its edge"] : [],
    ...isFilledBy(faces, picture) ? ["people leave little else to copy"] : [],
    ...content === "photo" ? [] : [`it shows ${content}`],
  ];
  return { share, problems };
}
