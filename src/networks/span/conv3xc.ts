/**
 * SPAN's convolution, which is wider in training than it has to be when it runs.
 *
 * In training it is a 1x1, a 3x3 and a 1x1 convolution in a row, `gain` times as wide in between, with a
 * 1x1 convolution beside them (`conv.0`, `conv.1`, `conv.2` and `sk`). The zeros of the padding go through
 * the first one as well, so that all of it is exactly one 3x3 convolution. Published files have that one
 * (`eval_conv`), or the wide form, or both; then the wide form is what was trained.
 */

import type { Checkpoint, Shapes } from "../checkpoint.ts";
import { addLayer, type Layer, readLayer } from "../convolution.ts";

/** Adds the shapes of the tensors of one such layer, in the form that the checkpoint has it in. */
export function addConv3xc(
  checkpoint: Checkpoint,
  shapes: Shapes,
  layer: string,
  outChannels: number,
  inChannels: number,
): void {
  const wide = isWide(checkpoint, layer);
  const collapsed = `${layer}.eval_conv`;
  if (!wide || checkpoint.shape(`${collapsed}.weight`) !== undefined) {
    addLayer(shapes, collapsed, outChannels, inChannels);
  }
  if (!wide) return;
  const [widened = 0] = checkpoint.shape(`${layer}.conv.0.weight`) ?? [];
  const gain = Math.max(1, Math.round(widened / inChannels));
  addLayer(shapes, `${layer}.sk`, outChannels, inChannels, { kernel: 1 });
  addLayer(shapes, `${layer}.conv.0`, gain * inChannels, inChannels, { kernel: 1 });
  addLayer(shapes, `${layer}.conv.1`, gain * outChannels, gain * inChannels);
  addLayer(shapes, `${layer}.conv.2`, outChannels, gain * outChannels, { kernel: 1 });
}

/** Returns the channels of one such layer, in whatever form. */
export function conv3xcShape(
  checkpoint: Checkpoint,
  layer: string,
): { outChannels: number; inChannels: number } {
  return isWide(checkpoint, layer)
    ? checkpoint.convShape(`${layer}.sk`, 1)
    : checkpoint.convShape(`${layer}.eval_conv`);
}

/** Reads one such layer as the 3x3 convolution that it is. */
export function readConv3xc(checkpoint: Checkpoint, layer: string): Layer {
  if (!isWide(checkpoint, layer)) return readLayer(checkpoint, `${layer}.eval_conv`);
  const beside = readLayer(checkpoint, `${layer}.sk`, 1);
  const first = readLayer(checkpoint, `${layer}.conv.0`, 1);
  const middle = readLayer(checkpoint, `${layer}.conv.1`);
  const last = readLayer(checkpoint, `${layer}.conv.2`, 1);
  const name = checkpoint.layerName(`${layer}.conv.1`).replace(/\.conv\.1$/, "");
  return { ...collapse(first, middle, last, beside), name };
}

function isWide(checkpoint: Checkpoint, layer: string): boolean {
  return checkpoint.shape(`${layer}.sk.weight`) !== undefined;
}

/** `last(middle(first(x))) + beside(x)` as one 3x3 convolution, summed in float64. */
function collapse(first: Layer, middle: Layer, last: Layer, beside: Layer): Layer {
  const { inChannels } = first;
  const { outChannels } = last;
  const [width, height] = [middle.inChannels, middle.outChannels];
  // Rows of 9 taps for each input channel, and behind them what the biases give.
  const row = 9 * inChannels + 1;
  const inner = new Float64Array(height * row);
  for (let n = 0; n < height; n++) {
    inner[n * row + row - 1] = middle.bias[n];
    for (let m = 0; m < width; m++) {
      for (let tap = 0; tap < 9; tap++) {
        const weight = middle.weight[(n * width + m) * 9 + tap];
        for (let i = 0; i < inChannels; i++) {
          inner[n * row + i * 9 + tap] += weight * first.weight[m * inChannels + i];
        }
        inner[n * row + row - 1] += weight * first.bias[m];
      }
    }
  }
  const weight = new Float32Array(outChannels * 9 * inChannels);
  const bias = new Float32Array(outChannels);
  const sums = new Float64Array(row);
  for (let o = 0; o < outChannels; o++) {
    sums.fill(0);
    for (let n = 0; n < height; n++) {
      const factor = last.weight[o * height + n];
      for (let k = 0; k < row; k++) sums[k] += factor * inner[n * row + k];
    }
    for (let i = 0; i < inChannels; i++) sums[i * 9 + 4] += beside.weight[o * inChannels + i];
    weight.set(sums.subarray(0, row - 1), o * 9 * inChannels);
    bias[o] = sums[row - 1] + last.bias[o] + beside.bias[o];
  }
  return { name: middle.name, outChannels, inChannels, kernel: 3, weight, bias };
}
