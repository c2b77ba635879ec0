// The second step of the ladder (docs/convolution.md): four channels to a vector, on both sides. One
// invocation computes four output channels of one pixel; a load brings four products.
//
//   input, output  [quad][row][column] of vec4f, with a border of one pixel
//   weights        [outBlock][input quad][4 out quads][ky][kx][4 in] of vec4f (4 out), then bias, slope
//
// Workgroup z is the output quad.

struct Params {
  input_origin: u32, // index of the pixel above and left of the first output pixel
  input_pitch: u32,
  input_plane: u32,
  quads: u32,
  output_origin: u32,
  output_pitch: u32,
  output_plane: u32,
  width: u32,
  height: u32,
  bias: u32, // index of the first bias
  slope: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> input: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> output: array<vec4f>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.width || id.y >= params.height) {
    return;
  }
  var sum = weights[params.bias + id.z];
  for (var quad = 0u; quad < params.quads; quad++) {
    let block = ((id.z / 4u * params.quads + quad) * 4u + id.z % 4u) * 36u;
    let corner = params.input_origin + quad * params.input_plane + id.y * params.input_pitch + id.x;
    for (var tap = 0u; tap < 9u; tap++) {
      let value = input[corner + tap / 3u * params.input_pitch + tap % 3u];
      let weight = block + tap * 4u;
      sum += value.x * weights[weight] + value.y * weights[weight + 1u] +
        value.z * weights[weight + 2u] + value.w * weights[weight + 3u];
    }
  }
  let at = params.output_origin + id.z * params.output_plane + id.y * params.output_pitch + id.x;
  output[at] = select(sum * weights[params.slope + id.z], sum, sum >= vec4f());
}
