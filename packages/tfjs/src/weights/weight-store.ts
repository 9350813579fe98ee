import {
  InternalError,
  tensorsOf,
  type Graph,
  type HostTensor,
  type NamedTensors,
  type TensorSpec,
} from '@refold/graph';
import { keep, tensor as makeTensor, type Tensor } from '@tensorflow/tfjs-core';
import { tensorUnknown } from '../errors.js';
import { deviceLayouts, toDeviceOrder, toHostOrder, type DeviceLayout } from './device-layout.js';

/**
 * A graph's tensors on the device, in device layout. Owns them. Running statistics are kept on the host, where
 * they move once per step, and copied to the device when something reads them.
 */
export class WeightStore {
  readonly specs: ReadonlyMap<string, TensorSpec>;
  readonly #layouts: ReadonlyMap<string, DeviceLayout>;
  readonly #tensors = new Map<string, Tensor>();
  readonly #buffers = new Map<string, Float32Array>();

  /** @throws RefoldError `RF-DEVICE-TENSOR` where `weights` lack a tensor or have another shape */
  constructor(graph: Graph, weights: NamedTensors) {
    this.specs = new Map(tensorsOf(graph).map((spec) => [spec.name, spec]));
    this.#layouts = deviceLayouts(graph);
    for (const [name, { shape }] of this.specs) {
      if (!weights.has(name))
        throw tensorUnknown(name, `values of shape [${String(shape)}]`, 'none');
    }
    for (const name of this.specs.keys()) this.checkFits(name, weights.get(name) as HostTensor);
    for (const name of this.specs.keys()) this.write(name, weights.get(name) as HostTensor);
  }

  /** The tensor on the device; stays the store's. */
  get(name: string): Tensor {
    const present = this.#tensors.get(name);
    if (present) return present;
    const values = this.#buffers.get(name);
    if (!values) throw new InternalError(`The device holds no tensor '${name}'.`);
    // `keep`: an op asks from inside its tidy, and the copy outlives it.
    const copy = keep(makeTensor(values.slice(), this.layout(name).deviceShape as number[]));
    this.#tensors.set(name, copy);
    return copy;
  }

  layout(name: string): DeviceLayout {
    const layout = this.#layouts.get(name);
    if (!layout) throw new InternalError(`The graph has no tensor '${name}'.`);
    return layout;
  }

  /** Puts `tensor`, in device layout, in the place of a parameter; takes ownership. */
  replace(name: string, tensor: Tensor): void {
    this.#tensors.get(name)?.dispose();
    this.#tensors.set(name, tensor);
  }

  /** running ← running + momentum · (value − running), in float64, rounded once. */
  moveBuffer(name: string, values: Float32Array, momentum: number): void {
    const running = this.#buffers.get(name);
    if (!running) throw new InternalError(`'${name}' is no buffer.`);
    for (let i = 0; i < running.length; i++) {
      running[i] = (1 - momentum) * (running[i] as number) + momentum * (values[i] as number);
    }
    this.#forgetCopy(name);
  }

  /** @throws RefoldError `RF-DEVICE-TENSOR` for an unknown name or another shape */
  checkFits(name: string, { shape, data }: HostTensor): void {
    const spec = this.specs.get(name);
    if (!spec) throw tensorUnknown(name, 'a tensor of the network', 'a name that it does not have');
    const fits =
      shape.length === spec.shape.length &&
      shape.every((n, axis) => n === spec.shape[axis]) &&
      data.length === shape.reduce((product, n) => product * n, 1);
    if (!fits) {
      throw tensorUnknown(
        name,
        `shape [${String(spec.shape)}]`,
        `shape [${String(shape)}] with ${data.length} values`,
      );
    }
  }

  /** Copies host values in; they must fit. */
  write(name: string, { data }: HostTensor): void {
    if (this.specs.get(name)?.kind === 'buffer') {
      this.#buffers.set(name, data.slice());
      this.#forgetCopy(name);
    } else {
      this.replace(name, this.upload(name, data));
    }
  }

  /** A new device tensor of host values laid out as the named tensor. */
  upload(name: string, data: Float32Array): Tensor {
    const layout = this.layout(name);
    return makeTensor(toDeviceOrder(data, layout), layout.deviceShape as number[]);
  }

  /** Host copy of a device tensor that is laid out as the named one (itself, its gradient, a slot). */
  async download(name: string, tensor: Tensor): Promise<HostTensor> {
    const layout = this.layout(name);
    const values = (await tensor.data()) as Float32Array;
    return { shape: layout.hostShape, data: toHostOrder(values, layout) };
  }

  async read(name: string): Promise<HostTensor> {
    const buffer = this.#buffers.get(name);
    if (buffer) return { shape: this.layout(name).hostShape, data: buffer.slice() };
    return this.download(name, this.get(name));
  }

  dispose(): void {
    for (const tensor of this.#tensors.values()) tensor.dispose();
    this.#tensors.clear();
  }

  #forgetCopy(name: string): void {
    this.#tensors.get(name)?.dispose();
    this.#tensors.delete(name);
  }
}
