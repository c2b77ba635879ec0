// Convolution with TAPS x TAPS taps as products of matrices, stride 1, zero padding:
//   output = activate([output +] convolution(input) + bias) + scale0 * beside0 + scale1 * beside1
// or, with a gate, its product in place of activate(...), as in shared/conv_end.wgsl.
//
// A left matrix is M pixels of a row by K inputs, a right one K inputs by N outputs, their product M
// pixels by N outputs. Both lie in memory as they are read: 16 channels of a pixel, or of an output's
// weights, are neighbours. Products are of f16, sums of f32.
//
// Twofold enlargement by nearest neighbour before a 3x3 convolution is four convolutions with 2x2 taps
// (PHASES = 4), one for each of the four output pixels of a source pixel, with weights summed by the host.
//
//   input, output, beside  [chunk][row][column][16] of f16, with a border of one pixel that stays zero
//   weights                [phase][chunk of inputs][tap column][tap row][output][16 inputs] of f16
//   epilogue               [2][out quad] of vec4f: bias, then slope below zero
//
// One subgroup computes ROWS rows of M pixels by TILES * N outputs of one phase; a workgroup SUBGROUPS of
// these, one below the other; workgroup z is the block of outputs and the phase. A column of pixels is
// loaded once for all of its TAPS rows of taps, from memory or from what the workgroup copied of it.
// Elements of a sum are not reached from here, so HELD matrices at a time go through workgroup memory to
// what follows.
//
// The host keeps: every tensor that is read covers whole matrices (what lies behind its last plane as
// well); outputs are a multiple of TILES * N. Beyond width x height nothing is written.
//
// In front of this file: shared/matrix_units.wgsl or shared/matrix_twin.wgsl, shared/quads_chunks.wgsl,
// shared/activate_*.wgsl, shared/conv_end.wgsl. Behind it, with the bindings 1 and 3, from which matrices
// are loaded: shared/matrix_pixels_*.wgsl and shared/matrix_weights_*.wgsl.

struct Params {
  input_origin: u32, // index of the pixel that the first tap of the first output (and phase) sees
  input_pitch: u32,
  input_plane: u32, // in pixels
  steps: u32, // columns of taps of all chunks of inputs
  outputs: u32, // channels of the output that are stored
  output_origin: u32, // index of the first output pixel
  output_pitch: u32,
  output_plane: u32,
  width: u32, // output pixels that hold values
  height: u32,
  add: u32, // 1: add to what output holds
  scale0: f32, // of beside0 in the result; 0: not added
  scale1: f32, // of beside1
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> epilogue: array<vec4f>;
@group(0) @binding(4) var<storage, read> beside0: array<Quad>;
@group(0) @binding(5) var<storage, read> beside1: array<Quad>;
@group(0) @binding(6) var<storage, read_write> output: array<Quad>;

const ROWS = 4u;
const TILES = 4u;
const HELD = 4u; // divides TILES
const TAPS = 3u;
const PHASES = 1u; // 1 or 4
const SIDE = 1u + PHASES / 4u; // phases along each axis
const CHUNK = 16u;
const TILE = M * N;
const QUADS = HELD * TILE / 4u;

var<workgroup> scratch: array<f32, SUBGROUPS * HELD * M * N>;

fn convolve(workgroup: vec3u, member: u32, lane: u32) {
  let index = member * LANES + lane;
  let corner = workgroup.xy * vec2u(M, SUBGROUPS * ROWS);
  let phase = vec2u(workgroup.z % SIDE, workgroup.z / SIDE % SIDE);
  let first = workgroup.z / PHASES * (TILES * N);
  let pixel = first_pixel(corner + phase, member * ROWS);
  var weight = (workgroup.z % PHASES * params.steps * TAPS * params.outputs + first) * CHUNK;
  var sums: array<Sum, ROWS * TILES>;

  for (var step = 0u; step < params.steps; step++) {
    stage_pixels(corner + phase, step, index);
    stage_weights(weight, index);
    let column = column_of_pixels(pixel, step);
    // unroll
    for (var k = 0u; k < CHUNK; k += K) {
      var pixels: array<Left, ROWS + TAPS - 1u>;
      // unroll
      for (var row = 0u; row < ROWS + TAPS - 1u; row++) {
        pixels[row] = load_left(column + row * row_of_pixels() + k);
      }
      // unroll
      for (var tap = 0u; tap < TAPS; tap++) {
        // unroll
        for (var tile = 0u; tile < TILES; tile++) {
          let taps = load_right(first_weight(weight, tap, tile) + k);
          // unroll
          for (var row = 0u; row < ROWS; row++) {
            sums[row * TILES + tile] = multiply(pixels[row + tap], taps, sums[row * TILES + tile]);
          }
        }
      }
    }
    weight += TAPS * params.outputs * CHUNK;
  }

  let slot = member * HELD * TILE;
  // unroll
  for (var row = 0u; row < ROWS; row++) {
    // unroll
    for (var block = 0u; block < TILES; block += HELD) {
      // unroll
      for (var tile = 0u; tile < HELD; tile++) {
        store(slot + tile * TILE, sums[row * TILES + block + tile]);
      }
      workgroupBarrier();
      // unroll
      for (var item = 0u; item < QUADS; item += LANES) {
        let column = (item / (N / 4u) + lane / (N / 4u)) % M;
        let tile = block + item * 4u / TILE + lane * 4u / TILE;
        let quad = first / 4u + tile * (N / 4u) + lane % (N / 4u);
        let to = (corner + vec2u(column, member * ROWS + row)) * SIDE + phase;
        if (item + lane < QUADS && to.x < params.width && to.y < params.height) {
          let held = slot + (item + lane) * 4u;
          let sum = vec4f(scratch[held], scratch[held + 1u], scratch[held + 2u], scratch[held + 3u]);
          let pixel = params.output_origin + to.y * params.output_pitch + to.x;
          let at = quad_index(pixel, quad, params.output_plane);
          let slope = epilogue[params.outputs / 4u + quad];
          output[at] = narrow(ended(sum + epilogue[quad], slope, at));
        }
      }
      workgroupBarrier();
    }
  }
}
