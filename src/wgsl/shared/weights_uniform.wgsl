// Weights read by every invocation from the same address: the way for adapters whose caches
// broadcast a uniform load (all GPUs).
alias Weights = vec4f;

const LANES = 1u;

fn spread(fetched: vec4f, lane: u32) -> vec4f {
  return fetched;
}
