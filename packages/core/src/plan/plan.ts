/** What will take part, and the numbers of the run, before anything is computed (the JSON of `refold plan`). */
export interface Plan {
  readonly providers: readonly {
    readonly point: string;
    readonly plugin: string;
    readonly name: string;
  }[];
  readonly model: string;
  readonly parameters: number;
  readonly buffers: number;
  readonly macs: number;
  readonly batchSize: number;
  readonly replicas: number;
  readonly accumulate: number;
  readonly globalBatch: number;
  /** What the base rate was chosen for; null where nothing scales it. */
  readonly referenceGlobalBatch: number | null;
  /** Base rate as configured. */
  readonly baseRate: number;
  /** The largest rate of the run, after scaling and schedule. */
  readonly rate: number;
  /** What each link of the chain does. */
  readonly ratePolicies: readonly string[];
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly steps: number;
  /** Estimate: weights, gradients, slots and the activations of one batch, in bytes. */
  readonly memoryBytes: number;
  readonly device: { readonly name: string; readonly library: string; readonly reason: string };
  readonly outputDir: string;
  readonly warnings: readonly string[];
}
