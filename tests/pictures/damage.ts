/** Damage to files, the same in every run for the same random numbers. */

/** Damages a copy: cut off, bits flipped, or bytes of its first 300 replaced. */
export function damage(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = bytes.slice();
  const choice = random();
  if (choice < 0.25) return copy.subarray(0, Math.floor(random() * copy.length));
  const range = random() < 0.6 ? Math.min(copy.length, 300) : copy.length;
  const count = 1 + Math.floor(random() * 8);
  for (let i = 0; i < count; i++) {
    const at = Math.floor(random() * range);
    if (choice < 0.7) copy[at] ^= 1 << (random() * 8);
    else copy[at] = random() < 0.5 ? [0, 1, 0x7f, 0xff][Math.floor(random() * 4)] : random() * 256;
  }
  return copy;
}
