/**
 * The one place where shader texts are imported, each under the name of its file: a body for every
 * operation, and the heads that several have in common. How they are put together, the kernels know.
 * `fill_sources.ts` has those that only filling runs, so that pages load them with it.
 */

import backProjectionAdd from "./back_projection_add.wgsl" with { type: "text" };
import backProjectionLimits from "./back_projection_limits.wgsl" with { type: "text" };
import backProjectionResidual from "./back_projection_residual.wgsl" with { type: "text" };
import conv1x1 from "./conv1x1.wgsl" with { type: "text" };
import conv3x3 from "./conv3x3.wgsl" with { type: "text" };
import conv3x3Columns from "./conv3x3_columns.wgsl" with { type: "text" };
import conv3x3Half from "./conv3x3_half.wgsl" with { type: "text" };
import conv3x3Winograd from "./conv3x3_winograd.wgsl" with { type: "text" };
import depthwise3x3 from "./depthwise3x3.wgsl" with { type: "text" };
import dysample from "./dysample.wgsl" with { type: "text" };
import matrixConv from "./matrix_conv.wgsl" with { type: "text" };
import normApply from "./norm_apply.wgsl" with { type: "text" };
import normMoments from "./norm_moments.wgsl" with { type: "text" };
import normPixel from "./norm_pixel.wgsl" with { type: "text" };
import normScales from "./norm_scales.wgsl" with { type: "text" };
import partialConv from "./partial_conv.wgsl" with { type: "text" };
import pixelsIn from "./pixels_in.wgsl" with { type: "text" };
import pixelsOut from "./pixels_out.wgsl" with { type: "text" };
import resampleColumns from "./resample_columns.wgsl" with { type: "text" };
import resampleRows from "./resample_rows.wgsl" with { type: "text" };
import upconv3x3 from "./upconv3x3.wgsl" with { type: "text" };
import activateGelu from "./shared/activate_gelu.wgsl" with { type: "text" };
import activateMish from "./shared/activate_mish.wgsl" with { type: "text" };
import activateSigmoid from "./shared/activate_sigmoid.wgsl" with { type: "text" };
import activateSilu from "./shared/activate_silu.wgsl" with { type: "text" };
import activateSlope from "./shared/activate_slope.wgsl" with { type: "text" };
import activationsF16 from "./shared/activations_f16.wgsl" with { type: "text" };
import activationsF32 from "./shared/activations_f32.wgsl" with { type: "text" };
import activationsHalf from "./shared/activations_half.wgsl" with { type: "text" };
import columnsDirect from "./shared/columns_direct.wgsl" with { type: "text" };
import columnsHalf from "./shared/columns_half.wgsl" with { type: "text" };
import columnsStaged from "./shared/columns_staged.wgsl" with { type: "text" };
import convEnd from "./shared/conv_end.wgsl" with { type: "text" };
import convHead from "./shared/conv_head.wgsl" with { type: "text" };
import grid from "./shared/grid.wgsl" with { type: "text" };
import matrixPixelsDirect from "./shared/matrix_pixels_direct.wgsl" with { type: "text" };
import matrixPixelsStaged from "./shared/matrix_pixels_staged.wgsl" with { type: "text" };
import matrixTwin from "./shared/matrix_twin.wgsl" with { type: "text" };
import matrixUnits from "./shared/matrix_units.wgsl" with { type: "text" };
import matrixWeightsDirect from "./shared/matrix_weights_direct.wgsl" with { type: "text" };
import matrixWeightsStaged from "./shared/matrix_weights_staged.wgsl" with { type: "text" };
import normHead from "./shared/norm_head.wgsl" with { type: "text" };
import quadsChunks from "./shared/quads_chunks.wgsl" with { type: "text" };
import quadsPlanes from "./shared/quads_planes.wgsl" with { type: "text" };
import readPixel from "./shared/read_pixel.wgsl" with { type: "text" };
import sumColumn from "./shared/sum_column.wgsl" with { type: "text" };
import upweightsDirect from "./shared/upweights_direct.wgsl" with { type: "text" };
import upweightsStaged from "./shared/upweights_staged.wgsl" with { type: "text" };
import weightsSubgroup from "./shared/weights_subgroup.wgsl" with { type: "text" };
import weightsUniform from "./shared/weights_uniform.wgsl" with { type: "text" };
import writePixel from "./shared/write_pixel.wgsl" with { type: "text" };

export {
  activateGelu,
  activateMish,
  activateSigmoid,
  activateSilu,
  activateSlope,
  activationsF16,
  activationsF32,
  activationsHalf,
  backProjectionAdd,
  backProjectionLimits,
  backProjectionResidual,
  columnsDirect,
  columnsHalf,
  columnsStaged,
  conv1x1,
  conv3x3,
  conv3x3Columns,
  conv3x3Half,
  conv3x3Winograd,
  convEnd,
  convHead,
  depthwise3x3,
  dysample,
  grid,
  matrixConv,
  matrixPixelsDirect,
  matrixPixelsStaged,
  matrixTwin,
  matrixUnits,
  matrixWeightsDirect,
  matrixWeightsStaged,
  normApply,
  normHead,
  normMoments,
  normPixel,
  normScales,
  partialConv,
  pixelsIn,
  pixelsOut,
  quadsChunks,
  quadsPlanes,
  readPixel,
  resampleColumns,
  resampleRows,
  sumColumn,
  upconv3x3,
  upweightsDirect,
  upweightsStaged,
  weightsSubgroup,
  weightsUniform,
  writePixel,
};
