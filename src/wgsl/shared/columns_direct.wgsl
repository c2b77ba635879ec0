// Weights by columns of taps, read by every invocation from the same address: the way for adapters whose
// caches or scalar units broadcast a uniform load. As a column is an array of known length, an index
// into it that is known when the shader is compiled needs no test.
alias Weights = array<vec4f, COLUMN>;

fn stage(column: u32, index: u32) {}

// Returns vector k of column kx of the three that begin at `column`.
fn tap(column: u32, kx: u32, k: u32) -> vec4f {
  return weights[column + kx][k];
}

fn epilogue(i: u32) -> vec4f {
  return weights[i / COLUMN][i % COLUMN];
}
