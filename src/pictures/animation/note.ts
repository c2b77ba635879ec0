/** What is said of an animation of which only the first frame is read. */

const TEXT = /^of the (\d+) frames only the first is read$/;

/** Says that frames are left out, if there are any. */
export function stillNote(frames: number): { notes?: string[] } {
  return frames > 1 ? { notes: [`of the ${frames} frames only the first is read`] } : {};
}

/** Returns the frames that a sentence of {@linkcode stillNote} speaks of; undefined if it is another. */
export function framesIn(sentence: string): number | undefined {
  const found = TEXT.exec(sentence);
  return found === null ? undefined : Number(found[1]);
}

/** Says whether a sentence is one of {@linkcode stillNote}. */
export function isStillNote(sentence: string): boolean {
  return framesIn(sentence) !== undefined;
}
