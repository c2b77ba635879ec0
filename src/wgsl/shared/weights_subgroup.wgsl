// Weights fetched once per subgroup, one vec4f per lane, and spread from lane to lane: the way for
// lavapipe, where a load costs as much as 57 multiply-adds. Needs subgroups of exactly LANES lanes that
// run along x, as lavapipe's are: 8 with vectors of 256 bits, 16 with 512.
alias Weights = vec4f;

const LANES = 8u;

fn spread(fetched: vec4f, lane: u32) -> vec4f {
  return subgroupShuffle(fetched, lane);
}
