// Where an invocation of a grid of 8x8 workgroups is: a row that is wider than a grid can be goes on in
// its next layer. Must be kept in sync with `gridOf` in kernels/dispatch.ts.

const GRID_WIDTH = 524280u; // 65535 workgroups

fn place(invocation: vec3u) -> vec2u {
  return vec2u(invocation.x + invocation.z * GRID_WIDTH, invocation.y);
}

