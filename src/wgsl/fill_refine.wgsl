// Filling: the matches of a level half as large, as the first ones of this level. Where the source of
// twice the size may not be copied, one from anywhere stands in.
//
// One invocation does one target.
//
// In front of this file: shared/fill_head.wgsl.

@group(0) @binding(1) var<storage, read> pixels: array<u32>;
@group(0) @binding(2) var<storage, read> targets: array<vec2u>;
@group(0) @binding(3) var<storage, read> sources: array<u32>;
@group(0) @binding(4) var<storage, read> coarse: array<vec2u>;
@group(0) @binding(5) var<storage, read_write> matches: array<vec2u>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
  if (invocation.x >= params.count) {
    return;
  }
  let aim = targets[params.first + invocation.x];
  let centre = at_place(aim.x);
  let above = coarse[u32(centre.y / 2) * params.coarse_width + u32(centre.x / 2)];
  let source = 2 * at_place(above.x) + centre % 2;
  var found = vec2u(sources[hash(params.seed, aim.x, 0u) % params.sources], 1u);
  if (above.y > 0u && is_inside(source)) {
    if ((pixels[index_of(source)] & SOURCE) != 0u) {
      found = vec2u(place_of(source), above.y);
    }
  }
  matches[index_of(centre)] = found;
}
