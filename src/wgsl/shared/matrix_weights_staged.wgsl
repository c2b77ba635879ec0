// Right matrices are loaded from workgroup memory, to which the workgroup copies the weights of a step: each
// is read once for all of its subgroups.
const TAP_QUADS = TILES * N * (CHUNK / 4u);

@group(0) @binding(1) var<storage, read> weights: array<Quad>;

var<workgroup> right_elements: array<Element, TAPS * TAP_QUADS * PER_QUAD>;

// Copies the weights that begin at element `first`; every invocation of a workgroup has to call it.
fn stage_weights(first: u32, index: u32) {
  workgroupBarrier();
  // unroll
  for (var start = 0u; start < TAPS * TAP_QUADS; start += SUBGROUPS * LANES) {
    let i = start + index;
    if (i < TAPS * TAP_QUADS) {
      let tap = i / TAP_QUADS * params.outputs * (CHUNK / 4u);
      let quad = weights[first / 4u + tap + i % TAP_QUADS];
      // unroll
      for (var part = 0u; part < PER_QUAD; part++) {
        right_elements[i * PER_QUAD + part] = quad[part];
      }
    }
  }
  workgroupBarrier();
}

// Returns where the weights of a tap and a matrix of outputs begin.
fn first_weight(first: u32, tap: u32, tile: u32) -> u32 {
  return (tap * TILES + tile) * N * CHUNK;
}
