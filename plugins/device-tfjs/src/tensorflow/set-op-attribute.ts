import type { TFEOpAttr } from '@tensorflow/tfjs-node/dist/tfjs_binding.js';
import { attributeUnusable } from './errors.js';
import type { Pointer, TensorflowLibrary } from './tensorflow-library.js';
import { TENSORFLOW_ATTRIBUTES } from './tensorflow-data-types.js';

/** What {@link setOpAttribute} needs besides the attribute. */
export interface AttributeTarget {
  readonly library: TensorflowLibrary;
  readonly op: Pointer;
  readonly opName: string;
  /** Scratch status of the binding; checked and cleared by `check`. */
  readonly status: Pointer;
  /** Throws where the status is not OK. */
  check(): void;
  /** The text as NUL-terminated bytes that live as long as the binding. */
  intern(text: string): Uint8Array;
}

/**
 * Sets one attribute of an eager op as tfjs-node's native addon does: an array of numbers
 * makes a list attribute, a scalar a plain one.
 *
 * @throws RefoldError `RF-TENSORFLOW-ATTRIBUTE` for a value that does not fit the attribute's type,
 *   or a type that the binding does not know.
 */
export function setOpAttribute(target: AttributeTarget, { name, type, value }: TFEOpAttr): void {
  const { library, op, opName, intern } = target;
  const cName = intern(name);
  const refuse = (expected: string) =>
    attributeUnusable(opName, name, expected, `${JSON.stringify(value)} (attribute type ${type})`);

  switch (type) {
    case TENSORFLOW_ATTRIBUTES.string: {
      if (typeof value !== 'string') throw refuse('a string');
      const bytes = intern(value);
      library.setAttrString(op, cName, bytes, bytes.length - 1);
      return;
    }
    case TENSORFLOW_ATTRIBUTES.int:
      if (isNumbers(value)) {
        library.setAttrIntList(op, cName, BigInt64Array.from(value, BigInt), value.length);
      } else if (typeof value === 'number') {
        library.setAttrInt(op, cName, value);
      } else throw refuse('an integer or an array of them');
      return;
    case TENSORFLOW_ATTRIBUTES.float:
      if (isNumbers(value)) {
        library.setAttrFloatList(op, cName, Float32Array.from(value), value.length);
      } else if (typeof value === 'number') {
        library.setAttrFloat(op, cName, value);
      } else throw refuse('a number or an array of them');
      return;
    case TENSORFLOW_ATTRIBUTES.bool:
      if (typeof value !== 'boolean') throw refuse('a boolean');
      library.setAttrBool(op, cName, value ? 1 : 0);
      return;
    case TENSORFLOW_ATTRIBUTES.type:
      if (typeof value !== 'number') throw refuse('a TF_DataType number');
      library.setAttrType(op, cName, value);
      return;
    case TENSORFLOW_ATTRIBUTES.shape:
      if (!isNumbers(value)) throw refuse('an array of dimensions');
      library.setAttrShape(
        op,
        cName,
        BigInt64Array.from(value, BigInt),
        value.length,
        target.status,
      );
      target.check();
      return;
    default:
      throw refuse('an attribute type of 0 (string) to 5 (shape)');
  }
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((element) => typeof element === 'number');
}
