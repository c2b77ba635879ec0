/**
 * The device: how an adapter is found, what it offers, and how much memory is in use on it.
 *
 * With its neighbours in this room this is the only code that knows which runtime it runs on and
 * the quirks that Deno's WebGPU has.
 */

import { GpuError, NoGpuError } from "../errors.ts";

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
  limits: Record<string, number>;
}

/** How a device is chosen. */
export interface GpuOptions {
  /** Which adapter to ask for when there are several. Default: `high-performance`. */
  power?: GPUPowerPreference;
}

/** A buffer could not be had: the one GPU error that a smaller tile can mend. */
export class OutOfGpuMemoryError extends GpuError {
  override readonly name = "OutOfGpuMemoryError";
}

/** Features that speed the kernels up; each is used where the device really grants it. */
const WANTED_FEATURES = ["subgroups", "timestamp-query"];

/** Limits that are raised to what the adapter has; all others stay at WebGPU's defaults. */
const RAISED_LIMITS = ["maxBufferSize", "maxStorageBufferBindingSize"] as const;

/**
 * An open device and what was granted on it.
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
  readonly device: GPUDevice;
  readonly adapter: AdapterSummary;
  /** Optional features that the device was granted. */
  readonly enabled: ReadonlySet<string>;
  #bytes = 0;
  #peakBytes = 0;
  #failure: GPUError | string | undefined;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();

  private constructor(device: GPUDevice, adapter: AdapterSummary, enabled: Set<string>) {
    this.device = device;
    this.adapter = adapter;
    this.enabled = enabled;
    device.addEventListener("uncapturederror", (event) => {
      this.#failure ??= (event as GPUUncapturedErrorEvent).error;
    });
    device.lost.then((info) => {
      if (info.reason !== "destroyed") this.#failure ??= `the device was lost: ${info.message}`;
    });
  }

  /**
   * Opens the best adapter.
   *
   * @throws {NoGpuError} If the runtime has no WebGPU, or no adapter can be had.
   */
  static async open(options: GpuOptions = {}): Promise<Gpu> {
    const power = options.power ?? "high-performance";
    let wanted = WANTED_FEATURES;
    for (;;) {
      const adapter = await requestAdapter(power);
      const device = await requestDevice(adapter, wanted);
      if (device !== undefined) return new Gpu(device, summarise(adapter), new Set(wanted));
      if (wanted.length === 0) {
        throw new NoGpuError(
          `The adapter "${adapter.info.description}" gives no device; update its driver`,
        );
      }
      wanted = await grantedOneByOne(power, wanted);
    }
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
    this.device.queue.writeBuffer(buffer, offset, data as Uint32Array<ArrayBuffer>);
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
   * @throws {GpuError} If the device refused something.
   */
  async checked<T>(what: string, work: () => T): Promise<T> {
    const scopes = this.#inErrorScopes(work);
    const [outOfMemory, invalid] = await Promise.all(scopes.errors);
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
   * @throws {OutOfGpuMemoryError} If memory ran out; the device can go on with less.
   * @throws {GpuError} With the device's own message and the adapter's name.
   */
  check(): void {
    const failure = this.#failure;
    if (failure === undefined) return;
    if (typeof failure !== "string" && failure instanceof GPUOutOfMemoryError) {
      this.#failure = undefined;
      throw this.#outOfMemory("the work on a tile");
    }
    const message = typeof failure === "string" ? failure : failure.message;
    throw new GpuError(`The GPU "${this.adapter.description}" failed: ${message}`);
  }

  #outOfMemory(what: string): OutOfGpuMemoryError {
    return new OutOfGpuMemoryError(
      `GPU memory ran out for ${what} with ${megabytes(this.#bytes)} MB in use; ` +
        `give less with --memory`,
    );
  }

  /** Returns the compute pipeline for a shader text, compiled once per device. */
  pipeline(label: string, code: string): Promise<GPUComputePipeline> {
    const known = this.#pipelines.get(code);
    if (known !== undefined) return known;
    const compiled = this.checked(`the shader ${label}`, () => {
      const module = this.device.createShaderModule({ label, code });
      return this.device.createComputePipeline({
        label,
        layout: "auto",
        compute: { module, entryPoint: "main" },
      });
    });
    this.#pipelines.set(code, compiled);
    compiled.catch(() => this.#pipelines.delete(code));
    return compiled;
  }

  /** Gives the device back. Buffers that still live go with it. */
  destroy(): void {
    this.device.destroy();
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

async function requestAdapter(powerPreference: GPUPowerPreference): Promise<GPUAdapter> {
  if (globalThis.navigator?.gpu === undefined) {
    throw new NoGpuError(
      "This runtime has no WebGPU; use Deno 2.9.6 or later, or a current browser",
    );
  }
  const adapter = await navigator.gpu.requestAdapter({ powerPreference });
  if (adapter === null) {
    throw new NoGpuError(
      "No GPU adapter was found. Install your GPU's driver with Vulkan support; without a GPU, " +
        "a software adapter serves: `apt-get install mesa-vulkan-drivers libvulkan1` on Debian and Ubuntu",
    );
  }
  return adapter;
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
async function grantedOneByOne(power: GPUPowerPreference, wanted: string[]): Promise<string[]> {
  const granted = [];
  for (const feature of wanted) {
    const device = await requestDevice(await requestAdapter(power), [feature]);
    if (device === undefined) continue;
    granted.push(feature);
    device.destroy();
  }
  return granted.length < wanted.length ? granted : [];
}

function summarise(adapter: GPUAdapter): AdapterSummary {
  const info = adapter.info;
  const limits: Record<string, number> = {};
  for (const name in adapter.limits) {
    const value = (adapter.limits as unknown as Record<string, unknown>)[name];
    if (typeof value === "number") limits[name] = value;
  }
  return {
    description: info.description || info.device || info.vendor || "unnamed adapter",
    vendor: info.vendor,
    device: info.device,
    architecture: info.architecture,
    software: info.isFallbackAdapter || /llvmpipe|swiftshader|lavapipe/i.test(info.description),
    subgroupSizes: { min: info.subgroupMinSize ?? 0, max: info.subgroupMaxSize ?? 0 },
    features: [...adapter.features].sort(),
    limits,
  };
}
