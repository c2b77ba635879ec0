// Weights by columns of taps, copied into workgroup memory for each input quad: the way for adapters on
// which a load that all invocations have in common costs each of them as much as one of its own.
alias Weights = array<vec4f, COLUMN>;

var<workgroup> staged: array<array<vec4f, COLUMN>, 3>;

// Copies the three columns that begin at `column`; every invocation of a workgroup has to call it.
fn stage(column: u32, index: u32) {
  workgroupBarrier();
  // unroll
  for (var first = 0u; first < COLUMN * 3u; first += WORKGROUP_X * WORKGROUP_Y) {
    let i = first + index;
    if (i < COLUMN * 3u) {
      staged[i / COLUMN][i % COLUMN] = weights[column + i / COLUMN][i % COLUMN];
    }
  }
  workgroupBarrier();
}

// Returns vector k of column kx of those that were copied.
fn tap(column: u32, kx: u32, k: u32) -> vec4f {
  return staged[kx][k];
}

fn epilogue(i: u32) -> vec4f {
  return weights[i / COLUMN][i % COLUMN];
}
