import { PickleObject, PickleSequence, type PickleValue } from '../pickle/pickle-value.js';

/** The items of a tuple or list; none of anything else. */
export function itemsOf(value: PickleValue | undefined): readonly PickleValue[] {
  return value instanceof PickleSequence ? value.items : [];
}

/** A shape or strides; null for anything else. */
export function sizesOf(value: PickleValue): number[] | null {
  // torch.Size((2, 3)) is a call.
  const plain = value instanceof PickleObject ? (itemsOf(value.args)[0] ?? null) : value;
  if (!(plain instanceof PickleSequence)) return null;
  const { items } = plain;
  return items.length <= 64 && items.every(isSize) ? [...items] : null;
}

/** True for a number of elements. */
export function isSize(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
