import type { ImagePrediction } from '@refold/core';
import { softmax } from '../softmax.js';
import { openOutputFile } from './output-file.js';

/** A file with a line of JSON for every image that was evaluated, in the split's order. */
export interface Predictions {
  /**
   * @param image its name
   * @param classes names by the network's index; a class without name goes by its index
   */
  add(image: string, classes: readonly string[], prediction: ImagePrediction): void;
  close(): void;
}

/** `--predictions FILE`. @throws RefoldError `RF-CLI-UNWRITABLE` */
export function openPredictions(file: string, cwd: string): Predictions {
  const output = openOutputFile('--predictions', file, cwd);
  return {
    add(image, classes, { label, predicted, logits }) {
      const nameOf = (index: number): string => classes[index] ?? String(index);
      const line = {
        image,
        label: nameOf(label),
        predicted: nameOf(predicted),
        correct: label === predicted,
        probability: softmax(logits)[predicted],
        logits: Array.from(logits),
      };
      output.line(JSON.stringify(line));
    },
    close: output.close,
  };
}
