/**
 * What is looked for in one picture before it is planned: damage, what is protected, what is not copied.
 * Most pictures need none of it, so that it is loaded where something asks for it.
 */

import type { Kept } from "../fill/extend.ts";
import { MUCH } from "../fill/outlook.ts";
import { describeFaces, findDamage, inspectPicture } from "../inspect/mod.ts";
import type { Picture, PictureRows } from "../pictures/mod.ts";
import { countMarks, type Mask } from "../pictures/mask.ts";
import { type Aim, shareExtended } from "./aim.ts";
import type { Note } from "./enhance.ts";
import { type EnhanceOptions, isProtecting } from "./options.ts";
import { wholeOf } from "./preparation.ts";
import { aimedMask, findRegions, protectedMask, repairMask } from "./regions.ts";

/** What was found. */
export interface Looked {
  /** The picture; in memory as a whole, if something was looked for in it. */
  picture: Picture | PictureRows;
  damage: Mask | undefined;
  /** What stays faithful, at the size of what is upscaled; undefined if nothing does, or all. */
  protection: Mask | undefined;
  /** What an extension does not copy. */
  kept: Kept;
  notes: Note[];
}

/** Looks for all that the options and the aim ask for. */
export async function lookAt(
  picture: Picture | PictureRows,
  options: EnhanceOptions,
  aim: Aim,
): Promise<Looked> {
  const { repair, protect = [], detector, mode } = options;
  const extends_ = aim.frame !== undefined;
  const whole = await wholeOf(picture);
  const notes: string[] = [];
  const damage = repair === undefined
    ? undefined
    : repair === "auto"
    ? findDamage(whole)
    : repairMask(whole, repair);
  if (damage !== undefined) notes.push(describeDamaged(damage, repair === "auto"));
  if (repair === "auto" && countMarks(damage!) > 0) notes.push(...describeDrawn(whole));
  const wanted = {
    faces: protect.includes("faces"),
    text: protect.includes("text") || extends_,
  };
  const found = await findRegions(whole, wanted, detector);
  if (wanted.faces) notes.push(`faces that are protected: ${describeFaces(found.faces)}`);
  if (protect.includes("text")) {
    notes.push(`lines of text that are protected: ${found.text.length}`);
  }
  const blends = isProtecting(options) && mode !== "faithful";
  const asked = { ...found, text: protect.includes("text") ? found.text : [] };
  const protects = blends ? protectedMask(whole, options, asked) : undefined;
  if (protects !== undefined && options.mask !== undefined) notes.push(describeMask(protects));
  const marks = protects === undefined ? undefined : aimedMask(protects, aim);
  const share = shareExtended(aim);
  if (share > 0) notes.push(describeExtension(share));
  return {
    picture: whole,
    damage: damage !== undefined && countMarks(damage) > 0 ? damage : undefined,
    protection: marks !== undefined && countMarks(marks) > 0 ? marks : undefined,
    kept: extends_ ? found : {},
    notes: notes.map((text) => ({ kind: "regions", text })),
  };
}

function describeDamaged(damage: Mask, isFound: boolean): string {
  const share = countMarks(damage) / damage.data.length;
  if (share > 0) return `${percent(share)} of it is repaired`;
  return isFound
    ? "no scratches or dust were found"
    : "nothing is repaired: no part of the mask is bright";
}

/** The lines of a drawing are thin, black and even, as scratches are. */
function describeDrawn(picture: Picture): string[] {
  const { content } = inspectPicture(picture);
  if (content === "photo") return [];
  return [
    `it shows ${content}, whose lines may be taken for scratches: look at it, or give a mask`,
  ];
}

function describeMask(marks: Mask): string {
  const share = countMarks(marks) / marks.data.length;
  if (share === 1) return "all of it stays faithful: the mask is dark everywhere";
  if (share === 0) return "nothing of it stays faithful: the mask is bright everywhere";
  return `${percent(share)} of it stays faithful`;
}

function describeExtension(share: number): string {
  const much = share > MUCH ? ", which is much: it will repeat itself" : "";
  return `${percent(share)} of the result is made up from what is beside it${much}`;
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(share < 0.1 ? 2 : 0))} %`;
}
