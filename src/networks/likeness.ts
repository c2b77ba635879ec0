/**
 * What a checkpoint looks like whose network cannot be built: families of the field are told apart by
 * names that only their tensors have, those of their authors' published programs.
 */

import type { TensorView } from "../weights/tensor.ts";

/** Names of tensors that a family has and the ones before it in the table do not. */
const SIGNS: readonly [family: string, ...names: RegExp[]][] = [
  ["RealPLKSR", /(^|\.)feats\.\d+\.lk\.conv\.weight$/],
  ["PLKSR", /(^|\.)feats\.\d+\.lk\./],
  ["SPAN", /(^|\.)block_1\.c1_r\./],
  ["HAT", /overlap_attn\.qkv\.weight$/],
  ["Swin2SR", /residual_group\.blocks\.\d+\.attn\.logit_scale$/],
  ["SwinIR", /residual_group\.blocks\.\d+\.attn\.relative_position_bias_table$/],
  ["DAT", /(^|\.)before_RG\.1\.weight$/],
  ["OmniSR", /(^|\.)residual_layer\.0\.residual_layer\./],
  ["Restormer", /(^|\.)encoder_level1\.0\.norm1\.body\.weight$/],
  ["SCUNet", /(^|\.)m_head\.0\.weight$/, /(^|\.)m_body\.0\.trans_block\./],
  ["NAFNet", /(^|\.)intro\.weight$/, /(^|\.)ending\.weight$/],
  ["GFPGAN", /(^|\.)stylegan_decoder\./],
  ["CodeFormer", /(^|\.)quantize\.embedding\.weight$/],
  ["waifu2x (UNet)", /(^|\.)unet1\.conv1\./],
  ["EDSR", /(^|\.)head\.0\.weight$/, /(^|\.)body\.0\.body\.0\.weight$/],
  ["RRDBNet", /(^|\.)(RRDB_trunk|body)\.0\.(RDB|rdb)1\.conv1\.|(^|\.)model\.1\.sub\.0\.RDB1\./],
  ["SRVGGNetCompact", /^(\w+\.)?body\.0\.weight$/, /^(\w+\.)?body\.2\.weight$/],
];

/** What can be said of tensors of any kind. */
export interface Likeness {
  /** The family whose names they have, or what they are built of. */
  looksLike: string;
  tensors: number;
  /** Numbers in all of them. */
  parameters: number;
  /** Channels that the first convolution takes, and the last one gives. */
  inChannels: number | undefined;
  outChannels: number | undefined;
}

/**
 * Says what tensors look like, from their names and shapes.
 *
 * @example
 * ```ts
 * const bytes = new Uint8Array(4 * 64 * 3 * 9);
 * const view = { name: "block_1.c1_r.sk.weight", dtype: "F32", shape: [64, 3, 3, 3], bytes } as const;
 * console.log(likenessOf(new Map([[view.name, view]])).looksLike); // SPAN
 * ```
 */
export function likenessOf(tensors: ReadonlyMap<string, TensorView>): Likeness {
  const names = [...tensors.keys()];
  const family = SIGNS.find(([, ...signs]) =>
    signs.every((sign) => names.some((name) => sign.test(name)))
  );
  const shapes = [...tensors.values()].map(({ shape }) => shape);
  const convolutions = shapes.filter((shape) => shape.length === 4);
  const sizes = shapes.map((shape) => shape.reduce((product, size) => product * size, 1));
  return {
    looksLike: family?.[0] ?? describeLayers(shapes),
    tensors: tensors.size,
    parameters: sizes.reduce((sum, size) => sum + size, 0),
    inChannels: convolutions[0]?.[1],
    outChannels: convolutions.at(-1)?.[0],
  };
}

function describeLayers(shapes: readonly (readonly number[])[]): string {
  const convolutions = shapes.filter((shape) => shape.length === 4).length;
  const matrices = shapes.filter((shape) => shape.length === 2).length;
  if (convolutions === 0) return "no network for pictures: it has no convolutions";
  return matrices > convolutions
    ? `a transformer of ${matrices} matrices and ${convolutions} convolutions`
    : `a plain network of ${convolutions} convolutions`;
}
