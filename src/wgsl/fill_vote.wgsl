// Filling: every pixel of the hole becomes the mean of what the patches around it would put there
// (Y. Wexler, E. Shechtman, M. Irani, "Space-time completion of video", IEEE Transactions on Pattern
// Analysis and Machine Intelligence 29(3), 2007).
//
// A vote counts by the square of its match's weight: with less contrast between good and bad matches the
// mean is blurred, and what is like a blurred mean is found next.
//
// One invocation does one target. Sources lie outside the hole, so that nothing is read that another
// invocation writes.
//
// In front of this file: shared/fill_head.wgsl.

@group(0) @binding(1) var<storage, read> targets: array<vec2u>;
@group(0) @binding(2) var<storage, read> matches: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> pixels: array<u32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
  if (invocation.x >= params.count) {
    return;
  }
  let aim = targets[params.first + invocation.x];
  if ((aim.y & HOLE) == 0u) {
    return;
  }
  let centre = at_place(aim.x);
  var sum = vec3u();
  var total = 0u;
  for (var y = -REACH; y <= REACH; y++) {
    for (var x = -REACH; x <= REACH; x++) {
      let way = vec2i(x, y);
      if (is_inside(centre + way)) {
        let found = matches[index_of(centre + way)];
        if (found.y > 0u) {
          let weight = max(1u, (found.y * found.y) >> 8u);
          sum += weight * vec3u(colour_of(pixels[index_of(at_place(found.x) - way)]));
          total += weight;
        }
      }
    }
  }
  if (total > 0u) {
    let mean = (sum + total / 2u) / total;
    let confidence = (aim.y & CONFIDENCE) << 24u;
    pixels[index_of(centre)] = mean.x | (mean.y << 8u) | (mean.z << 16u) | confidence;
  }
}
