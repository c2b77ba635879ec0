// Weights by columns of taps in f16, read by every invocation from the same address.
alias Weights = array<vec4<f16>, COLUMN>;

fn epilogue(i: u32) -> vec4f {
  return vec4f(weights[i / COLUMN][i % COLUMN]);
}
