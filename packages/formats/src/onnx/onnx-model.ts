import type { Place, PlacedField } from '../protobuf/place.js';
import type { Dtype } from '../tensors/dtype.js';

/** As messages name the format. */
export const ONNX = 'an ONNX model';

/** A TensorProto whose elements are read when asked for. */
export interface OnnxTensor {
  readonly name: string;
  /** `TensorProto.DataType`. */
  readonly dataType: number;
  /** Null for types that Refold does not hold: text, complex, less than eight bits. */
  readonly dtype: Dtype | null;
  readonly shape: readonly number[];
  /** The elements lie in another file. */
  readonly external: boolean;
  /** The message in the file. */
  readonly place: Place;
  /**
   * Little-endian elements, whatever field they were stored in.
   *
   * @throws RefoldError `RF-FILE-DTYPE`, `RF-FILE-MALFORMED`, `RF-FILE-TRUNCATED`, `RF-FILE-UNREADABLE`
   */
  read(): Promise<Uint8Array>;
}

/** An AttributeProto, as far as networks of images need it. */
export interface OnnxAttribute {
  readonly name: string;
  readonly float?: number;
  readonly int?: number;
  readonly text?: string;
  readonly floats: readonly number[];
  readonly ints: readonly number[];
  readonly tensor?: OnnxTensor;
  /** Set inside functions: the value comes from the caller. */
  readonly reference: boolean;
}

/** A NodeProto. */
export interface OnnxNode {
  readonly name: string;
  readonly opType: string;
  /** `''` for ONNX's own ops. */
  readonly domain: string;
  /** `''` stands for an optional input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
  /** Values from outside that graphs inside the node (`If`, `Loop`) may use. */
  readonly captured: readonly string[];
  /** A tensor inside the node keeps its elements in another file. */
  readonly external: boolean;
}

/** A ValueInfoProto of a tensor. */
export interface OnnxValue {
  readonly name: string;
  /** `TensorProto.DataType`; 0 where the value is no tensor or of no known type. */
  readonly dataType: number;
  /** A number, a symbol, or null for an axis of unknown size; null where the rank is unknown. */
  readonly shape: readonly (number | string | null)[] | null;
}

/** One field of a GraphProto in the order of the file, for writing it again. */
export interface GraphField {
  readonly field: PlacedField;
  /** Of an initializer, input, output or value; the index of a node. */
  readonly key: string | number | null;
}

/** A GraphProto. Nodes come after what they use, and no value has two sources: both are checked. */
export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, OnnxTensor>;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly values: ReadonlyMap<string, OnnxValue>;
  readonly fields: readonly GraphField[];
}

/** A ModelProto that is open: its tensors stay in the file until they are read. */
export interface OnnxModel {
  readonly path: string;
  readonly irVersion: number;
  /** Version of each operator set by domain; ONNX's own is `''`. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly producer: string;
  readonly metadata: ReadonlyMap<string, string>;
  readonly graph: OnnxGraph;
  /** Fields of the model in the order of the file; field 7 is the graph. */
  readonly fields: readonly PlacedField[];
  /** Files that hold elements of tensors, by the location that the model names them with. */
  readonly externalFiles: readonly string[];
  /** Closes the model's files. Idempotent. */
  close(): Promise<void>;
}

/** ONNX writes its own domain in two ways. */
export function plainDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}
