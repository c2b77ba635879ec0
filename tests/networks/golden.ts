/** Pictures that are kept as tensors of floats. */

import type { Picture } from "../../src/pictures/picture.ts";
import type { TensorView } from "../../src/weights/tensor.ts";

/** Turns `[1][3][height][width]` into a picture of floats. */
export function pictureOfTensor({ shape, bytes }: TensorView): Picture {
  const [, channels, height, width] = shape;
  const planes = new Float32Array(bytes.slice().buffer);
  const data = planes.map((_, i) => {
    return planes[(i % channels) * width * height + Math.floor(i / channels)];
  });
  return { width, height, channels: 3, depth: 32, data, metadata: {} };
}
