// Filling: one round of PatchMatch (C. Barnes et al., ACM Transactions on Graphics 28(3), 2009). Each
// target tries the match that it has, those of its neighbours, places around the best one, and places
// anywhere; the first of the best stays.
//
// The cost of a match is the squared difference of both patches, weighed by confidence, and what lies
// beyond the edge or is not known counts nothing; and a fine for being far away, along either axis, from
// the target, or from its mirror image where it lies beyond what is known: what is as far inside as the
// target is outside. So the strip along an edge is not copied over and over.
//
// One invocation does one target. Matches are read from one buffer and written to another, so that the
// order in which invocations run changes nothing.
//
// In front of this file: shared/fill_head.wgsl.

@group(0) @binding(1) var<storage, read> pixels: array<u32>;
@group(0) @binding(2) var<storage, read> targets: array<vec2u>;
@group(0) @binding(3) var<storage, read> sources: array<u32>;
@group(0) @binding(4) var<storage, read> before: array<vec2u>;
@group(0) @binding(5) var<storage, read_write> after: array<vec2u>;

const SIDE = 7u;
const PIXELS = 49u;
const NEAREST = 16u; // a difference that no vote minds
const MOST_FINE = 4095u;
const NEIGHBOURS = 4u;
const NONE = 0xffffffffu;

// What it costs to be so far from home, where `side` pixels are the whole way.
fn fine(distance: i32, side: u32, lean: u32) -> u32 {
  let share = u32(abs(distance)) * 256u / side;
  return lean * share * share / 256u;
}

// Where a target that lies beyond what is known has its mirror image, along one axis.
fn mirrored(at: i32, first: i32, end: i32) -> i32 {
  if (at < first) {
    return min(2 * first - 1 - at, end - 1);
  }
  return select(at, max(2 * end - 1 - at, first), at >= end);
}

// The way to a neighbour: left, up, right and down.
fn way_to(neighbour: u32) -> vec2i {
  let step = select(-1, 1, neighbour >= 2u) * i32(params.step);
  return select(vec2i(step, 0), vec2i(0, step), neighbour % 2u == 1u);
}

// The source that fits the match at a place of the picture; its own, or one outside the picture.
fn beside(centre: vec2i, way: vec2i) -> vec2i {
  let at = centre + way;
  if (is_inside(at)) {
    let known = before[index_of(at)];
    if (known.y > 0u) {
      return at_place(known.x) - way;
    }
  }
  return vec2i(-1);
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
  if (invocation.x >= params.count) {
    return;
  }
  let aim = targets[params.first + invocation.x];
  let centre = at_place(aim.x);
  var own: array<u32, PIXELS>; // the target's patch; 0 where it counts nothing
  var total = 0u; // of its confidences
  // unroll
  for (var i = 0u; i < PIXELS; i++) {
    let at = centre + vec2i(vec2u(i % SIDE, i / SIDE)) - REACH;
    if (is_inside(at)) {
      own[i] = pixels[index_of(at)];
      total += (own[i] >> 24u) & CONFIDENCE;
    }
  }
  let home = vec2i(
    mirrored(centre.x, params.left, params.right),
    mirrored(centre.y, params.top, params.bottom),
  );
  var best = vec2i(-1);
  var best_cost = NONE;
  let first_sample = select(1u, 1u + NEIGHBOURS, params.step > 0u);
  let first_near = first_sample + params.samples;
  var radius = params.radius;
  for (var i = 0u; i < first_near || radius > 0u; i++) {
    var source = best;
    if (i == 0u) {
      source = beside(centre, vec2i());
    } else if (i < first_sample) {
      source = beside(centre, way_to(i - 1u));
    } else if (i < first_near) {
      source = at_place(sources[hash(params.seed, aim.x, i) % params.sources]);
    } else {
      let random = hash(params.seed, aim.x, i);
      let width = 2u * radius + 1u;
      source += vec2i(vec2u((random & 0xffffu) % width, (random >> 16u) % width)) - i32(radius);
      radius /= 2u;
    }
    if (!is_inside(source)) {
      continue;
    }
    if ((pixels[index_of(source)] & SOURCE) == 0u) {
      continue;
    }
    let way = source - home;
    let fines = fine(way.x, params.width, params.lean_x) + fine(way.y, params.height, params.lean_y);
    var cost = total * min(fines, MOST_FINE);
    let corner = index_of(source - REACH);
    // unroll
    for (var y = 0u; y < SIDE; y++) {
      if (cost < best_cost) {
        let row = corner + y * params.width;
        // unroll
        for (var x = 0u; x < SIDE; x++) {
          let pixel = own[y * SIDE + x];
          let difference = colour_of(pixel) - colour_of(pixels[row + x]);
          let squares = difference * difference;
          cost += ((pixel >> 24u) & CONFIDENCE) * u32(squares.x + squares.y + squares.z);
        }
      }
    }
    if (cost < best_cost) {
      best_cost = cost;
      best = source;
    }
  }
  var found = vec2u();
  if (best_cost < NONE) {
    let weight = max(1u, (aim.y & CONFIDENCE) * 256u / (NEAREST + best_cost / max(total, 1u)));
    found = vec2u(place_of(best), weight);
  }
  after[index_of(centre)] = found;
}
