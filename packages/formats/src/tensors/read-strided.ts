/** Elements that lie at regular distances: a view of PyTorch, or an array of Fortran. */
export interface StridedView {
  /** Of the first element, in elements. */
  readonly offset: number;
  readonly shape: readonly number[];
  /** Distances between neighbours along each axis, in elements, not negative. */
  readonly strides: readonly number[];
  readonly elementBytes: 1 | 2 | 4 | 8;
}

/** Reads bytes of whatever holds the elements; the receiver owns them. */
export type ReadBytes = (position: number, length: number) => Promise<Uint8Array>;

/** What is held at once of what lies between the elements. */
const WINDOW_BYTES = 1 << 22;

/** One past the last element that a view reaches, in elements from the start of its storage; 0 for a view of none. */
export function endOfView({ offset, shape, strides }: StridedView): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((end, size, axis) => end + (size - 1) * strides[axis]!, offset) + 1;
}

/** True where different indices may reach one element other than by a stride of 0, so that no order visits them once. */
export function overlapsItself(view: StridedView): boolean {
  const axes = axesOf(view).filter(({ stride }) => stride > 0);
  return axes.some(({ stride }, i) => {
    const inner = axes.slice(i + 1).reduce((sum, axis) => sum + (axis.size - 1) * axis.stride, 0);
    return inner >= stride;
  });
}

/**
 * The elements of a view in row-major order. Contiguous views are read as they lie; others are walked in the order of the
 * storage with a window of {@link WINDOW_BYTES}, so that what is in memory is the result and little more.
 *
 * @param view checked: its end is inside the storage, and it does not overlap itself (or its whole extent is small)
 */
export async function readStrided(read: ReadBytes, view: StridedView): Promise<Uint8Array> {
  const { elementBytes, offset } = view;
  const count = view.shape.reduce((product, size) => product * size, 1);
  if (count === 0) return new Uint8Array(0);
  const axes = axesOf(view);
  if (axes.every(({ stride, outStride }) => stride === outStride)) {
    return read(offset * elementBytes, count * elementBytes);
  }
  const end = endOfView(view);
  const result = new Uint8Array(count * elementBytes);
  const out = elementsOf(result, elementBytes);
  const inner = axes.pop()!;
  const outer = axes;
  const index = outer.map(() => 0);
  const isSimple = !overlapsItself(view);
  const windowElements = isSimple ? WINDOW_BYTES / elementBytes : end - offset;
  const perWindow =
    inner.stride === 0 ? inner.size : Math.max(1, Math.floor((windowElements - 1) / inner.stride));
  let window = out;
  let windowStart = 0;
  let windowEnd = 0;
  let from = offset;
  let to = 0;
  for (;;) {
    for (let done = 0; done < inner.size; done += perWindow) {
      const some = Math.min(perWindow, inner.size - done);
      const first = from + done * inner.stride;
      const last = first + (some - 1) * inner.stride;
      if (first < windowStart || last >= windowEnd) {
        windowStart = isSimple ? first : offset;
        windowEnd = Math.min(end, Math.max(windowStart + windowElements, last + 1));
        const length = (windowEnd - windowStart) * elementBytes;
        window = elementsOf(await read(windowStart * elementBytes, length), elementBytes);
      }
      copyRow(
        window,
        first - windowStart,
        inner.stride,
        out,
        to + done * inner.outStride,
        inner.outStride,
        some,
      );
    }
    let axis = outer.length - 1;
    for (; axis >= 0; axis--) {
      const { size, stride, outStride } = outer[axis]!;
      from += stride;
      to += outStride;
      if (++index[axis]! < size) break;
      from -= stride * size;
      to -= outStride * size;
      index[axis] = 0;
    }
    if (axis < 0) return result;
  }
}

interface Axis {
  readonly size: number;
  readonly stride: number;
  /** Distance in the row-major result. */
  readonly outStride: number;
}

/** Axes longer than 1, the one with the largest stride first: the order of the storage. */
function axesOf({ shape, strides }: StridedView): Axis[] {
  const axes: Axis[] = [];
  let outStride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis]!;
    if (size !== 1) axes.unshift({ size, stride: strides[axis]!, outStride });
    outStride *= size;
  }
  return axes.sort((a, b) => b.stride - a.stride);
}

type Elements = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

function elementsOf(bytes: Uint8Array, elementBytes: StridedView['elementBytes']): Elements {
  // Of a Buffer, slice would be a view, as badly aligned as before.
  const { buffer, byteOffset, byteLength } =
    bytes.byteOffset % elementBytes === 0 ? bytes : new Uint8Array(bytes);
  switch (elementBytes) {
    case 1:
      return new Uint8Array(buffer, byteOffset, byteLength);
    case 2:
      return new Uint16Array(buffer, byteOffset, byteLength / 2);
    case 4:
      return new Uint32Array(buffer, byteOffset, byteLength / 4);
    case 8:
      return new BigUint64Array(buffer, byteOffset, byteLength / 8);
  }
}

function copyRow(
  source: Elements,
  from: number,
  stride: number,
  target: Elements,
  to: number,
  outStride: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    target[to + i * outStride] = source[from + i * stride]!;
  }
}
