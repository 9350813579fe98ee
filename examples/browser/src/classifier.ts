import type { TfjsMetadata } from '@refold/formats';
import { prepareEvaluation, toGrey, type Pixels } from '@refold/images';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { softmax, tensor4d, tidy, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';

export interface Answer {
  readonly name: string;
  readonly probability: number;
}

export interface Classifier {
  /** `mobileone_s0` */
  readonly model: string;
  /** The likeliest classes, best first. */
  classify(picture: Pixels, top: number): Promise<readonly Answer[]>;
}

/**
 * Loads a network that `refold export` wrote, and prepares pictures for it as its file says: the same code as in Node, so
 * the same bytes.
 *
 * @param url of its `model.json`
 */
export async function loadClassifier(url: string): Promise<Classifier> {
  const network = await loadGraphModel(url);
  const { refold } = (network.metadata ?? {}) as { refold?: TfjsMetadata };
  const preprocessing = refold?.preprocessing;
  if (!preprocessing || refold.input.values !== 'bytes') {
    throw new Error(`${url} does not say how its pictures are prepared.`);
  }
  const { crop, channels } = preprocessing;
  return {
    model: refold.model ?? 'The network',
    async classify(picture, top) {
      const bytes = new Uint8Array(crop * crop * channels);
      prepareEvaluation(channels === 1 ? toGrey(picture) : picture, preprocessing, bytes);
      const probabilities = tidy(() => {
        const batch = tensor4d(Float32Array.from(bytes), [1, crop, crop, channels]);
        return softmax(network.predict(batch) as Tensor2D) as Tensor;
      });
      const values = await probabilities.data();
      probabilities.dispose();
      return Array.from(values, (probability, index) => ({
        name: refold.classes[index] ?? String(index),
        probability,
      }))
        .sort((a, b) => b.probability - a.probability)
        .slice(0, top);
    },
  };
}
