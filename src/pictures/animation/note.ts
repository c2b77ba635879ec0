/** What the formats with several frames share. */

/** Says that frames are left out, if there are any. */
export function stillNote(frames: number): { notes?: string[] } {
  return frames > 1 ? { notes: [`of the ${frames} frames only the first is read`] } : {};
}
