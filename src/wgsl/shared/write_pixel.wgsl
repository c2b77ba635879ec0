// Writes a pixel as it lies in memory: RGBA of 8 bits in one word, of 16 bits in two (R and B in the
// low halves), or of f32 in four. 0..1 is clamped and rounded to the nearest level of 8 and 16 bits;
// f32 is written as it is.
//
// The shader that follows declares `output: array<u32>` and the constant DEPTH: 8, 16 or 32.

fn write_pixel(index: u32, value: vec4f) {
  let clamped = clamp(value, vec4f(), vec4f(1.0));
  if (DEPTH == 8u) {
    let v = vec4u(clamped * 255.0 + 0.5);
    output[index] = v.x | (v.y << 8u) | (v.z << 16u) | (v.w << 24u);
  } else if (DEPTH == 16u) {
    let v = vec4u(clamped * 65535.0 + 0.5);
    output[index * 2u] = v.x | (v.y << 16u);
    output[index * 2u + 1u] = v.z | (v.w << 16u);
  } else {
    let v = bitcast<vec4u>(value);
    output[index * 4u] = v.x;
    output[index * 4u + 1u] = v.y;
    output[index * 4u + 2u] = v.z;
    output[index * 4u + 3u] = v.w;
  }
}
