// What the kernels of filling have in common. All arithmetic is in whole numbers, so that every adapter
// finds the same matches.
//
//   pixels   [row][column]: red, green and blue in the lower bytes, the confidence above them, 0 (nothing
//            is known here) to 127, and SOURCE where the patch around the pixel may be copied
//   targets  of vec2u: the place of a patch that holds something to fill, then its confidence, with HOLE
//            where the pixel in its middle is to be filled; those next to what is known come first
//   sources  the places of all pixels that have SOURCE
//   matches  [row][column] of vec2u: the place of the source that is most like the patch, and the weight of
//            its vote; 0 where there is no match
//
// A place is a column, with the row in its upper half. A patch has (2 REACH + 1) squared pixels.

struct Params {
  width: u32,
  height: u32,
  first: u32, // the first target
  count: u32, // targets
  seed: u32,
  step: u32, // how far away the neighbours are whose matches are tried; 0: none
  radius: u32, // how far from the best match others are tried; 0: none
  samples: u32, // places that are tried anywhere
  sources: u32, // how many there are
  lean_x: u32, // what a match costs that lies in another column
  lean_y: u32, // or in another row
  coarse_width: u32, // of the level above
  left: i32, // what is known lies between these columns and rows, the latter ones outside it
  right: i32,
  top: i32,
  bottom: i32,
}

@group(0) @binding(0) var<uniform> params: Params;

const REACH = 3;
const SOURCE = 0x80000000u;
const HOLE = 0x80000000u;
const CONFIDENCE = 127u;

fn place_of(at: vec2i) -> u32 {
  return u32(at.x) | (u32(at.y) << 16u);
}

fn at_place(place: u32) -> vec2i {
  return vec2i(i32(place & 0xffffu), i32(place >> 16u));
}

fn is_inside(at: vec2i) -> bool {
  return all(at >= vec2i(0)) && at.x < i32(params.width) && at.y < i32(params.height);
}

fn index_of(at: vec2i) -> u32 {
  return u32(at.y) * params.width + u32(at.x);
}

fn colour_of(pixel: u32) -> vec3i {
  return vec3i(vec3u(pixel & 0xffu, (pixel >> 8u) & 0xffu, (pixel >> 16u) & 0xffu));
}

// A number that looks random, the same one for the same three.
fn hash(a: u32, b: u32, c: u32) -> u32 {
  var h = (a * 0x9e3779b1u) ^ (b * 0x85ebca77u) ^ (c * 0xc2b2ae3du);
  h = (h ^ (h >> 15u)) * 0x2c1b3c6du;
  h = (h ^ (h >> 12u)) * 0x297a2d39u;
  return h ^ (h >> 15u);
}

