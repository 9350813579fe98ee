import type { Pixels } from '@refold/images';

/** The cache as it is sent to a worker; all memory is shared. */
export interface PixelCacheMemory {
  readonly arena: SharedArrayBuffer;
  /** `[samples, 3]` int32: state, width, height. */
  readonly table: SharedArrayBuffer;
  /** `[samples]` float64: where a picture starts in the arena. */
  readonly offsets: SharedArrayBuffer;
  /** One int64: bytes of the arena given away. */
  readonly used: SharedArrayBuffer;
}

/** Of a sample in the table. */
const state = { absent: 0, ready: 1, claimed: 2 } as const;

/** Memory for the RGB pictures of a split. It is reserved now and taken from the machine as it fills. */
export function makePixelCache(samples: number, bytes: number): PixelCacheMemory {
  return {
    arena: new SharedArrayBuffer(bytes),
    table: new SharedArrayBuffer(samples * 3 * 4),
    offsets: new SharedArrayBuffer(samples * 8),
    used: new SharedArrayBuffer(8),
  };
}

/**
 * RGB pictures by sample in memory that all workers share, without locks: each picture is written once, by the worker
 * that claims it first, and never moves or leaves. What does not fit is not kept.
 */
export class PixelCache {
  private readonly table: Int32Array;
  private readonly offsets: Float64Array;
  private readonly used: BigInt64Array;

  constructor(private readonly memory: PixelCacheMemory) {
    this.table = new Int32Array(memory.table);
    this.offsets = new Float64Array(memory.offsets);
    this.used = new BigInt64Array(memory.used);
  }

  /** A view of the arena; not to be written to. */
  get(sample: number): Pixels | undefined {
    const entry = sample * 3;
    if (Atomics.load(this.table, entry) !== state.ready) return undefined;
    const width = this.table[entry + 1]!;
    const height = this.table[entry + 2]!;
    const bytes = width * height * 3;
    const data_HWC = new Uint8Array(this.memory.arena, this.offsets[sample], bytes);
    return { data_HWC, width, height, channels: 3 };
  }

  put(sample: number, { data_HWC, width, height }: Pixels): void {
    const entry = sample * 3;
    if (Atomics.compareExchange(this.table, entry, state.absent, state.claimed) !== state.absent) {
      return;
    }
    const bytes = data_HWC.length;
    const offset = Number(Atomics.add(this.used, 0, BigInt(bytes)));
    if (offset + bytes > this.memory.arena.byteLength) return;
    new Uint8Array(this.memory.arena, offset, bytes).set(data_HWC);
    this.table[entry + 1] = width;
    this.table[entry + 2] = height;
    this.offsets[sample] = offset;
    Atomics.store(this.table, entry, state.ready);
  }
}
