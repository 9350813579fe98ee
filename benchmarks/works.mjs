/**
 * What is measured, by name. `kind`: `training`, `train-form` (multi-branch inference) or `fused` inference.
 * One batch size per work, so that a ratio always compares the same work.
 */
export const works = {
  training: { kind: 'training', precision: 'float32', batchSize: 32 },
  'training-bf16': { kind: 'training', precision: 'bfloat16', batchSize: 32 },
  fused: { kind: 'fused', precision: 'float32', batchSize: 32 },
  'fused-bf16': { kind: 'fused', precision: 'bfloat16', batchSize: 32 },
  'fused-b1': { kind: 'fused', precision: 'float32', batchSize: 1 },
  'train-form': { kind: 'train-form', precision: 'float32', batchSize: 32 },
};

/** The chosen works of a comma-separated list. */
export function chosenWorks(list) {
  const names = list.split(',');
  const unknown = names.filter((name) => !(name in works));
  if (unknown.length > 0) {
    throw new Error(`Expected works among ${Object.keys(works).join(', ')}. Received ${unknown}.`);
  }
  return names;
}
