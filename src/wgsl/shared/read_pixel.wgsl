// Reads a pixel as it lies in memory: RGBA of 8 bits in one word, of 16 bits in two (R and B in the
// low halves), or of f32 in four. 8 and 16 bits become 0..1.
//
// The shader that follows declares `pixels: array<u32>` and the constant SOURCE_DEPTH: 8, 16 or 32.

fn read_pixel(index: u32) -> vec4f {
  if (SOURCE_DEPTH == 8u) {
    let word = pixels[index];
    return vec4f(vec4u(word, word >> 8u, word >> 16u, word >> 24u) & vec4u(255u)) / 255.0;
  }
  if (SOURCE_DEPTH == 16u) {
    let low = pixels[index * 2u];
    let high = pixels[index * 2u + 1u];
    return vec4f(vec4u(low, low >> 16u, high, high >> 16u) & vec4u(65535u)) / 65535.0;
  }
  let at = index * 4u;
  return bitcast<vec4f>(vec4u(pixels[at], pixels[at + 1u], pixels[at + 2u], pixels[at + 3u]));
}
