import { repvggWeightNames } from './weight-names.js';

/**
 * Beginnings of the weights of RepVGGplus's auxiliary classifiers, which its training alone uses. Our graph has no such
 * classifiers, so these weights have no translation and stay out on import.
 */
export const repvggplusTrainingOnly = ['stage1_aux.', 'stage2_aux.', 'stage3_first_aux.'] as const;

/**
 * Names of the authors' RepVGGplus (`stage1.blocks.0.rbr_dense.conv.weight`, `stage1.blocks.0.post_se.down.weight`) →
 * ours; undefined for names that are none of its, {@link repvggplusTrainingOnly} included.
 *
 * @param depths blocks per stage: the authors cut the third in halves, `stage3_first` and `stage3_second`
 */
export function repvggplusWeightName(
  depths: readonly number[],
): (foreign: string) => string | undefined {
  const half = Math.floor((depths[2] ?? 0) / 2);
  return (foreign) => {
    const plain = foreign
      .replace(/^(stage\d+)\.blocks\.(\d+)\./, '$1.$2.')
      .replace(/^stage3_first\.blocks\.(\d+)\./, 'stage3.$1.')
      .replace(
        /^stage3_second\.blocks\.(\d+)\./,
        (_, index: string) => `stage3.${Number(index) + half}.`,
      )
      .replace(/\.post_se\.(down|up)\./, '.se.$1.');
    return repvggWeightNames.official(plain);
  };
}
