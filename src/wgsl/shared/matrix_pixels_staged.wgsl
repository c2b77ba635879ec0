// Left matrices are loaded from workgroup memory, to which the workgroup copies a chunk of its pixels and
// of those around them: each is read once for all columns and rows of taps.
const STAGED_WIDTH = M + TAPS - 1u;
const STAGED_QUADS = STAGED_WIDTH * (SUBGROUPS * ROWS + TAPS - 1u) * (CHUNK / 4u);

@group(0) @binding(3) var<storage, read> input: array<Quad>;

var<workgroup> left_elements: array<Element, STAGED_QUADS * PER_QUAD>;

// Copies the chunk of a step, once for its columns; every invocation of a workgroup has to call it.
fn stage_pixels(corner: vec2u, step: u32, index: u32) {
  if (step % TAPS != 0u) {
    return;
  }
  let plane = params.input_origin + step / TAPS * params.input_plane;
  workgroupBarrier();
  // unroll
  for (var first = 0u; first < STAGED_QUADS; first += SUBGROUPS * LANES) {
    let i = first + index;
    if (i < STAGED_QUADS) {
      let pixel = i / (CHUNK / 4u);
      let at = corner + vec2u(pixel % STAGED_WIDTH, pixel / STAGED_WIDTH);
      let source = plane + at.y * params.input_pitch + at.x;
      let quad = input[source * (CHUNK / 4u) + i % (CHUNK / 4u)];
      // unroll
      for (var part = 0u; part < PER_QUAD; part++) {
        left_elements[i * PER_QUAD + part] = quad[part];
      }
    }
  }
  workgroupBarrier();
}

// Returns where the pixels of a subgroup begin whose workgroup begins `rows` above it.
fn first_pixel(corner: vec2u, rows: u32) -> u32 {
  return rows * STAGED_WIDTH * CHUNK;
}

// Returns where those begin that a step needs.
fn column_of_pixels(first: u32, step: u32) -> u32 {
  return first + step % TAPS * CHUNK;
}

// Returns the distance of two rows.
fn row_of_pixels() -> u32 {
  return STAGED_WIDTH * CHUNK;
}
