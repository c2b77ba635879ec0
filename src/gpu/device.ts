/**
 * The device: how an adapter is found, what it offers, and how much memory is in use on it.
 *
 * With its neighbours in this room this is the only code that knows which runtime it runs on and
 * the quirks that Deno's WebGPU has.
 */

import { GpuError, NoGpuError } from "../errors.ts";
import { QUEUE_WAITS_IN_CALL, runtimeGpu } from "../platform/mod.ts";

/** What is known about an adapter before anything runs on it. */
export interface AdapterSummary {
  /** The driver's own name, such as `llvmpipe (LLVM 15.0.6, 256 bits)`. */
  description: string;
  vendor: string;
  device: string;
  architecture: string;
  /** Runs on the processor: lavapipe, SwiftShader or another fallback adapter. */
  software: boolean;
  /** Lanes of a subgroup; both 0 where the adapter does not say. */
  subgroupSizes: { min: number; max: number };
  features: string[];
  /** Products of matrices of `m` by `k` with `k` by `n` that the units of a subgroup compute, if any. */
  matrixConfigs: { from: string; to: string; m: number; n: number; k: number }[];
  limits: Record<string, number>;
}

/** How a device is chosen. */
export interface GpuOptions {
  /** Which adapter to ask for when there are several. Default: `high-performance`. */
  power?: GPUPowerPreference;
  /** A part of the adapter's description, in any case; among those of {@linkcode visibleAdapters}. */
  name?: string;
  /** The implementation of WebGPU that gives adapters. Default: the runtime's own, `navigator.gpu`. */
  gpu?: GPU;
}

/** A buffer could not be had: the one GPU error that a smaller tile can mend. */
export class OutOfGpuMemoryError extends GpuError {
  override readonly name = "OutOfGpuMemoryError";
}

/** The device is gone, and with it all buffers: {@linkcode Gpu.reopen} brings another one. */
export class DeviceLostError extends GpuError {
  override readonly name = "DeviceLostError";
}

/** Features that speed the kernels up; each is used where the device really grants it. */
const WANTED_FEATURES = ["subgroups", "shader-f16"];

/** What the kernels for matrix units need; asked for where an adapter says that it has them. */
export const MATRIX_FEATURES: readonly string[] = [
  "shader-f16",
  "chromium-experimental-subgroup-matrix",
  "subgroup-size-control",
];

const ENABLE_SUBGROUPS = "enable subgroups;\n";

/** Limits that are raised to what the adapter has; all others stay at WebGPU's defaults. */
const RAISED_LIMITS = ["maxBufferSize", "maxStorageBufferBindingSize"] as const;

/** How often an adapter is asked for after a loss, and the milliseconds between: drivers take a moment. */
const REOPENING = { tries: 4, pause: 500 } as const;

/** Milliseconds in which a runtime that lost its device says so, after an operation failed. */
const LOSS_NOTICE = 50;

/** A device as it was opened. */
interface Opened {
  device: GPUDevice;
  adapter: AdapterSummary;
  enabled: ReadonlySet<string>;
  /** Whether shaders have to name the extensions that they use. */
  namesExtensions: boolean;
  /** Whether `onSubmittedWorkDone()` waits before it returns, as that of Deno's own WebGPU does. */
  queueWaitsInCall: boolean;
}

/**
 * A GPU: an open device and what was granted on it. If the device is lost, it can be opened again;
 * buffers, pipelines and bind groups of the one before are then worth nothing, which
 * {@linkcode Gpu.generation} tells.
 *
 * @example
 * ```ts
 * import { Gpu } from "./device.ts";
 * const gpu = await Gpu.open();
 * console.assert(gpu.adapter.description.length > 0);
 * gpu.destroy();
 * ```
 */
export class Gpu {
  readonly #options: GpuOptions;
  #opened: Opened;
  #generation = 0;
  #lost: string | undefined;
  #closed = false;
  #reopening: Promise<void> | undefined;
  #bytes = 0;
  #peakBytes = 0;
  #failure: GPUError | undefined;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();

  private constructor(options: GpuOptions, opened: Opened) {
    this.#options = options;
    this.#opened = opened;
    this.#listen(opened.device);
  }

  /**
   * Opens the best adapter.
   *
   * @throws {NoGpuError} If the runtime has no WebGPU, or no adapter can be had.
   */
  static async open(options: GpuOptions = {}): Promise<Gpu> {
    return new Gpu(options, await openDevice(options));
  }

  /** The device that is open now. */
  get device(): GPUDevice {
    return this.#opened.device;
  }

  get adapter(): AdapterSummary {
    return this.#opened.adapter;
  }

  /** Optional features that the device was granted. */
  get enabled(): ReadonlySet<string> {
    return this.#opened.enabled;
  }

  /** How often the device was opened again: what was made in another generation is gone. */
  get generation(): number {
    return this.#generation;
  }

  /** Whether the device is lost and was not opened again. */
  get lost(): boolean {
    return this.#lost !== undefined;
  }

  /**
   * Opens the device again, if it is lost; who asks meanwhile waits for the same opening.
   *
   * @throws {DeviceLostError} If the same adapter does not come back, or the Gpu was destroyed.
   */
  async reopen(): Promise<void> {
    if (!this.lost) return;
    await (this.#reopening ??= this.#openAgain().finally(() => this.#reopening = undefined));
  }

  async #openAgain(): Promise<void> {
    const { description } = this.adapter;
    for (let tries = 1; !this.#closed; tries++) {
      const opened = await openDevice(this.#options).catch(() => undefined);
      if (opened?.adapter.description === description && !this.#closed) {
        this.#opened = opened;
        this.#generation++;
        this.#lost = undefined;
        this.#failure = undefined;
        this.#pipelines.clear();
        return this.#listen(opened.device);
      }
      opened?.device.destroy();
      if (tries === REOPENING.tries) break;
      await pause(REOPENING.pause);
    }
    throw new DeviceLostError(
      `The GPU "${description}" was lost (${this.#lost}) and did not come back`,
    );
  }

  #listen(device: GPUDevice): void {
    device.addEventListener("uncapturederror", (event) => {
      if (device === this.device) this.#failure ??= (event as GPUUncapturedErrorEvent).error;
    });
    device.lost.then(({ message }) => {
      if (device === this.device && !this.#closed) this.#lost = message || "without a reason";
    });
  }

  /** Whether `onSubmittedWorkDone()` itself waits for the device, before it returns its promise. */
  get queueWaitsInCall(): boolean {
    return this.#opened.queueWaitsInCall;
  }

  /** Bytes of the largest buffer that a shader can read or write. */
  get maxBinding(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    return Math.min(maxBufferSize, maxStorageBufferBindingSize);
  }

  /** Bytes of all buffers that live now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Most bytes that lived at one time since the last {@linkcode resetPeak}. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Starts a new measurement of {@linkcode peakBytes}. */
  resetPeak(): void {
    this.#peakBytes = this.#bytes;
  }

  /** Creates a zeroed buffer; give it back with {@linkcode destroyBuffer}. */
  createBuffer(label: string, size: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const buffer = this.device.createBuffer({ label, size: Math.ceil(size / 4) * 4, usage });
    this.#bytes += buffer.size;
    this.#peakBytes = Math.max(this.#peakBytes, this.#bytes);
    return buffer;
  }

  /** Destroys a buffer of {@linkcode createBuffer}. */
  destroyBuffer(buffer: GPUBuffer): void {
    this.#bytes -= buffer.size;
    buffer.destroy();
  }

  /** Writes data into a buffer, from byte `offset` on, before the work that is submitted next. */
  writeBuffer(buffer: GPUBuffer, data: Uint32Array | Float32Array, offset = 0): void {
    // As bytes: not every implementation takes every kind of array.
    const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    this.device.queue.writeBuffer(buffer, offset, bytes);
  }

  /** Binds buffers, or parts of them, to a pipeline: their order is that of the shader's bindings. */
  bindGroup(pipeline: GPUComputePipeline, parts: GPUBufferBinding[]): GPUBindGroup {
    return this.device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: parts.map((resource, binding) => ({ binding, resource })),
    });
  }

  /**
   * Runs `work`, at once and without a pause, and turns what the device reports about it into an
   * exception.
   *
   * @throws {OutOfGpuMemoryError} If memory ran out.
   * @throws {DeviceLostError} If the device was lost.
   * @throws {GpuError} If it refused something.
   */
  async checked<T>(what: string, work: () => T): Promise<T> {
    const scopes = this.#inErrorScopes(work);
    const [outOfMemory, invalid] = await Promise.all(scopes.errors).catch(async (error) => {
      throw await this.explain(error);
    });
    if (this.lost) throw this.#lostError();
    if (outOfMemory !== null) throw this.#outOfMemory(what);
    if (invalid !== null) throw new GpuError(`The GPU refused ${what}: ${invalid.message}`);
    return scopes.result();
  }

  /** Error scopes are a stack: they are closed before anyone else on this device can open one. */
  #inErrorScopes<T>(work: () => T): { errors: Promise<GPUError | null>[]; result: () => T } {
    this.device.pushErrorScope("validation");
    this.device.pushErrorScope("out-of-memory");
    let result: () => T;
    try {
      const value = work();
      result = () => value;
    } catch (error) {
      result = () => {
        throw error;
      };
    }
    return { errors: [this.device.popErrorScope(), this.device.popErrorScope()], result };
  }

  /**
   * Throws what went wrong on the device since it was opened, if anything did.
   *
   * @throws {DeviceLostError} If it is lost.
   * @throws {OutOfGpuMemoryError} If memory ran out; the device can go on with less.
   * @throws {GpuError} With the device's own message and the adapter's name.
   */
  check(): void {
    if (this.lost) throw this.#lostError();
    const failure = this.#failure;
    if (failure === undefined) return;
    if (isOutOfMemory(failure)) {
      this.#failure = undefined;
      throw this.#outOfMemory("the work on a tile");
    }
    throw this.#failed(failure.message);
  }

  /**
   * Returns what an operation's own exception means: runtimes throw many things when a device is lost,
   * often before they tell of the loss.
   */
  async explain(error: unknown): Promise<GpuError> {
    if (error instanceof GpuError) return error;
    if (!this.lost) await Promise.race([this.device.lost, pause(LOSS_NOTICE)]);
    if (this.lost) return this.#lostError();
    return this.#failed(error instanceof Error ? error.message : String(error));
  }

  #lostError(): DeviceLostError {
    return new DeviceLostError(`The GPU "${this.adapter.description}" was lost: ${this.#lost}`);
  }

  #failed(message: string): GpuError {
    return new GpuError(`The GPU "${this.adapter.description}" failed: ${message}`);
  }

  #outOfMemory(what: string): OutOfGpuMemoryError {
    return new OutOfGpuMemoryError(
      `GPU memory ran out for ${what} with ${megabytes(this.#bytes)} MB in use`,
      { remedies: ["less memory"], needed: this.#bytes },
    );
  }

  /** Returns the compute pipeline for a shader text, compiled once per device. */
  pipeline(label: string, code: string): Promise<GPUComputePipeline> {
    const known = this.#pipelines.get(code);
    if (known !== undefined) return known;
    const compiled: Promise<GPUComputePipeline> = this.checked(`the shader ${label}`, () => {
      const text = this.#opened.namesExtensions ? withExtensions(code) : code;
      const module = this.device.createShaderModule({ label, code: text });
      return this.device.createComputePipeline({
        label,
        layout: "auto",
        compute: { module, entryPoint: "main" },
      });
    });
    this.#pipelines.set(code, compiled);
    compiled.catch(() => {
      if (this.#pipelines.get(code) === compiled) this.#pipelines.delete(code);
    });
    return compiled;
  }

  /** Gives the device back. Buffers that still live go with it. */
  destroy(): void {
    this.#closed = true;
    this.device.destroy();
  }
}

/** Returns a shader's text with the extensions that it uses named first, as Tint wants it. */
export function withExtensions(code: string): string {
  return /\bsubgroup\w+\(/.test(code) ? ENABLE_SUBGROUPS + code : code;
}

/** Opens the adapter that is chosen with what it grants of the features that are wanted. */
async function openDevice(options: GpuOptions): Promise<Opened> {
  let wanted: string[] | undefined;
  for (;;) {
    const adapter = await requestAdapter(options);
    wanted ??= featuresFor(adapter);
    const device = await requestDevice(adapter, wanted);
    if (device !== undefined) {
      const namesExtensions = wanted.includes("subgroups") && await takesEnable(device);
      return {
        device,
        adapter: summarise(adapter),
        enabled: new Set(wanted),
        namesExtensions,
        queueWaitsInCall: QUEUE_WAITS_IN_CALL && device instanceof GPUDevice,
      };
    }
    if (wanted.length === 0) {
      throw new NoGpuError(
        `The adapter "${adapter.info.description}" gives no device; update its driver`,
      );
    }
    wanted = await grantedOneByOne(options, wanted);
  }
}

function featuresFor({ features }: GPUAdapter): string[] {
  const hasUnits = MATRIX_FEATURES.every((name) =>
    (features as unknown as ReadonlySet<string>).has(name)
  );
  return hasUnits ? [...new Set([...WANTED_FEATURES, ...MATRIX_FEATURES])] : WANTED_FEATURES;
}

/** Tint wants extensions to be named before they are used; naga in Deno 2.9.6 refuses this one's name. */
async function takesEnable(device: GPUDevice): Promise<boolean> {
  device.pushErrorScope("validation");
  device.createShaderModule({
    label: "whether extensions are named",
    code: `${ENABLE_SUBGROUPS}@compute @workgroup_size(1) fn main() {}`,
  });
  return await device.popErrorScope() === null;
}

/** By its name: every implementation of WebGPU has a class of its own for it. */
function isOutOfMemory(error: GPUError): boolean {
  return error.constructor.name === "GPUOutOfMemoryError";
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

/** What a runtime can be asked for; it has no list of its adapters. */
const WAYS_TO_ADAPTERS: readonly GPURequestAdapterOptions[] = [
  { powerPreference: "high-performance" },
  { powerPreference: "low-power" },
  { forceFallbackAdapter: true },
];

/**
 * Returns every adapter that the runtime can be brought to show, the fastest first.
 *
 * @throws {NoGpuError} If the runtime has no WebGPU.
 */
export async function visibleAdapters(
  options: Pick<GpuOptions, "gpu"> = {},
): Promise<AdapterSummary[]> {
  return (await seenAdapters(options)).map(summarise);
}

async function seenAdapters(options: GpuOptions): Promise<GPUAdapter[]> {
  const seen = new Map<string, GPUAdapter>();
  for (const way of WAYS_TO_ADAPTERS) {
    const adapter = await (await webGpu(options)).requestAdapter(way);
    if (adapter === null) continue;
    const { description, vendor, device } = adapter.info;
    const key = [description, vendor, device].join("\n");
    if (!seen.has(key)) seen.set(key, adapter);
  }
  return [...seen.values()];
}

async function webGpu(options: GpuOptions): Promise<GPU> {
  const gpu = options.gpu ?? await runtimeGpu();
  if (gpu !== undefined) return gpu;
  throw new NoGpuError(
    "This runtime has no WebGPU; use Deno 2.9.6 or later, a current browser, or Node.js with the " +
      "package `webgpu`",
  );
}

async function requestAdapter(options: GpuOptions): Promise<GPUAdapter> {
  if (options.name !== undefined) return await adapterNamed(options.name, options);
  const { power = "high-performance" } = options;
  const adapter = await (await webGpu(options)).requestAdapter({ powerPreference: power });
  if (adapter !== null) return adapter;
  throw new NoGpuError("No GPU adapter was found", {
    remedies: options.gpu === undefined ? ["a driver"] : ["the runtime's WebGPU", "a driver"],
  });
}

async function adapterNamed(name: string, options: GpuOptions): Promise<GPUAdapter> {
  const seen = await seenAdapters(options);
  const described = seen.map((adapter) => summarise(adapter).description);
  const index = described.findIndex((text) => text.toLowerCase().includes(name.toLowerCase()));
  if (index >= 0) return seen[index];
  const list = described.map((text) => `"${text}"`).join(", ") || "none";
  throw new NoGpuError(`No GPU adapter has "${name}" in its name; seen: ${list}`, {
    remedies: ["another adapter"],
  });
}

async function requestDevice(
  adapter: GPUAdapter,
  features: string[],
): Promise<GPUDevice | undefined> {
  const requiredLimits: Record<string, number> = {};
  for (const name of RAISED_LIMITS) requiredLimits[name] = adapter.limits[name];
  try {
    return await adapter.requestDevice({
      requiredFeatures: features as GPUFeatureName[],
      requiredLimits,
    });
  } catch {
    return undefined;
  }
}

/** Deno hides some features that it grants, so that each is tried on a device of its own. */
async function grantedOneByOne(options: GpuOptions, wanted: string[]): Promise<string[]> {
  const granted = [];
  for (const feature of wanted) {
    const device = await requestDevice(await requestAdapter(options), [feature]);
    if (device === undefined) continue;
    granted.push(feature);
    device.destroy();
  }
  return granted.length < wanted.length ? granted : [];
}

/** As Dawn describes them, beyond the standard. */
interface InfoWithMatrices {
  subgroupMatrixConfigs?: {
    componentType: string;
    resultComponentType: string;
    M: number;
    N: number;
    K: number;
  }[];
}

function matrixConfigsOf(info: GPUAdapterInfo): AdapterSummary["matrixConfigs"] {
  const { subgroupMatrixConfigs = [] } = info as InfoWithMatrices;
  return [...subgroupMatrixConfigs].map(({ componentType, resultComponentType, M, N, K }) => {
    return { from: componentType, to: resultComponentType, m: M, n: N, k: K };
  });
}

function summarise(adapter: GPUAdapter): AdapterSummary {
  const info = adapter.info;
  const limits: Record<string, number> = {};
  for (const name in adapter.limits) {
    const value = (adapter.limits as unknown as Record<string, unknown>)[name];
    if (typeof value === "number") limits[name] = value;
  }
  // Browsers keep the description and the device to themselves.
  const family = [info.vendor, info.architecture].filter((word) => word !== "").join(" ");
  const description = info.description || info.device || family || "unnamed adapter";
  return {
    description,
    vendor: info.vendor,
    device: info.device,
    architecture: info.architecture,
    software: info.isFallbackAdapter || /llvmpipe|swiftshader|lavapipe/i.test(description),
    subgroupSizes: { min: info.subgroupMinSize ?? 0, max: info.subgroupMaxSize ?? 0 },
    features: [...adapter.features].sort(),
    matrixConfigs: matrixConfigsOf(info),
    limits,
  };
}
