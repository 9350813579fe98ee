import {
  initialise,
  parametersOf,
  type Graph,
  type NamedTensors,
  type UpdateRule,
} from '@refold/graph';
import type { Observable } from 'rxjs';
import { resolveConfig, type ResolvedConfig } from './config/resolve-config.js';
import { EventChannel } from './events/event-channel.js';
import type { RefoldEvent, RunResult } from './events/refold-event.js';
import { checkNeeds } from './plan/check-needs.js';
import { chooseProviders } from './plan/choose-providers.js';
import type { ChosenProvider } from './plan/chosen-provider.js';
import { compileProgram } from './plan/compile-program.js';
import { makePlan } from './plan/make-plan.js';
import { measureStep } from './plan/measure-step.js';
import type { Plan } from './plan/plan.js';
import type { MeasuredStep } from './plan/predict-scaling.js';
import type { Plugin } from './plugin/plugin.js';
import { Callback } from './points/callback.js';
import { Dataset } from './points/dataset.js';
import { Device, type CompiledProgram } from './points/device.js';
import { LearningRatePolicy } from './points/learning-rate-policy.js';
import { Model } from './points/model.js';
import { Optimizer } from './points/optimizer.js';
import { buildGraph } from './run/build-graph.js';
import { CommandQueue } from './run/command-queue.js';
import { makeRunPlan } from './run/make-run-plan.js';
import { mergeWeights } from './run/merge-weights.js';
import type { RunHandle } from './run/run-handle.js';
import type { RunPlan } from './run/run-plan.js';
import { RunScope } from './run/run-scope.js';
import { runTraining } from './run/run-training.js';
import { trainingLoad } from './run/training-load.js';

export interface ComposeOptions {
  /** Weights to start from (fine-tuning); default: fresh ones. Copied. */
  readonly weights?: NamedTensors;
  /** Folder that relative paths refer to, absolute. Default: the current one. */
  readonly baseDir?: string;
}

/** A checked configuration with its plugins, ready to plan, run, or be opened piece by piece. */
export interface Pipeline {
  readonly config: ResolvedConfig;
  /** What would happen; computes nothing. */
  plan(): Promise<Plan>;
  /**
   * The plan with the graph it is for, and what the device compiles of it.
   *
   * @param measure also train a few steps on the first batch, and tell how long they took
   */
  inspect(measure?: boolean): Promise<Inspection>;
  /** Trains. Each call is a run of its own. */
  start(): RunHandle;
  /** The pieces (Dataset, Device, ImageReader …) without a run. The caller closes the scope. */
  open(onEvent?: (event: RefoldEvent) => void): Promise<RunScope>;
}

/** What {@link Pipeline.inspect} finds. */
export interface Inspection {
  readonly plan: Plan;
  /** Train form, without loss. */
  readonly graph: Graph;
  /** Of the training session, with fresh weights; null on devices that interpret. */
  readonly compiled: CompiledProgram | null;
  /** Null where it was not to be measured. */
  readonly step: MeasuredStep | null;
}

/**
 * Composes a pipeline in code, with the same keys as a configuration file:
 * `compose({ plugins: [repvgg, mnist, …], model: { use: 'repvgg_a0' }, … }).start()`.
 *
 * @throws RefoldError `RF-CONFIG-*`, `RF-PLAN-DUPLICATE`
 */
export function compose(
  config: { readonly plugins: readonly Plugin[]; readonly [key: string]: unknown },
  options: ComposeOptions = {},
): Pipeline {
  const { plugins, ...object } = config;
  return composeResolved(resolveConfig({ object, plugins }), options);
}

/** Like {@link compose}, of a configuration that was resolved before (the command line's way). */
export function composeResolved(config: ResolvedConfig, options: ComposeOptions = {}): Pipeline {
  const baseDir = options.baseDir ?? process.cwd();
  return {
    config,
    plan: async () => (await inspect(config, baseDir, {})).plan,
    inspect: (measure = false) => inspect(config, baseDir, { compile: true, measure }),
    start: () => start(config, baseDir, options.weights ?? null),
    open: async (onEvent = () => undefined) => {
      const { chosen } = await chooseProviders(config);
      return openScope(config, chosen, baseDir, onEvent);
    },
  };
}

function openScope(
  config: ResolvedConfig,
  chosen: readonly ChosenProvider[],
  baseDir: string,
  emit: (event: RefoldEvent) => void,
): RunScope {
  checkNeeds(chosen);
  return new RunScope(chosen, { emit, baseDir, seed: config.core.seed });
}

interface Prepared {
  readonly run: RunPlan;
  /** Train form, without loss. */
  readonly graph: Graph;
  readonly updateRule: UpdateRule;
  readonly dataset: Dataset;
  readonly device: Device;
}

/** Makes everything a run needs except the session on the device. */
async function prepare(
  config: ResolvedConfig,
  scope: RunScope,
  baseDir: string,
): Promise<Prepared> {
  const dataset = await scope.get(Dataset);
  const model = await scope.get(Model);
  const optimizer = await scope.get(Optimizer);
  const policies = await scope.getAll(LearningRatePolicy);
  const device = await scope.get(Device);
  const graph = buildGraph(model, dataset, config.core.model.numClasses);
  const run = makeRunPlan({
    core: config.core,
    config: config.json,
    baseDir,
    modelName: model.name,
    dataset,
    policies,
    replicas: device.group.size,
    rank: device.group.rank,
  });
  return { run, graph, updateRule: optimizer.rule(parametersOf(graph)), dataset, device };
}

async function inspect(
  config: ResolvedConfig,
  baseDir: string,
  { compile = false, measure = false }: { compile?: boolean; measure?: boolean },
): Promise<Inspection> {
  const { chosen, deviceReason } = await chooseProviders(config);
  const scope = openScope(config, chosen, baseDir, () => undefined);
  try {
    const prepared = await prepare(config, scope, baseDir);
    const { referenceGlobalBatch } = (config.json['rate'] ?? {}) as {
      referenceGlobalBatch?: number;
    };
    const plan = makePlan({
      ...prepared,
      chosen,
      deviceReason,
      referenceGlobalBatch: referenceGlobalBatch ?? null,
      warnings: config.warnings.map(({ message }) => message),
    });
    const { core } = config;
    const { device, graph } = prepared;
    const load = () => trainingLoad({ ...prepared, core, weights: initialise(graph, core.seed) });
    return {
      ...{ plan, graph },
      compiled: compile ? await compileProgram(device, load) : null,
      step: measure ? await measureStep(device, prepared.dataset, load()) : null,
    };
  } finally {
    await scope.close();
  }
}

function start(config: ResolvedConfig, baseDir: string, given: NamedTensors | null): RunHandle {
  const events = new EventChannel();
  const commands = new CommandQueue();
  const observable: Observable<RefoldEvent> = events.observable('subscriber');
  return {
    events: observable,
    stop: () => commands.add('stop'),
    checkpoint: () => commands.add('checkpoint'),
    validate: () => commands.add('validate'),
    done: execute(),
  };

  async function execute(): Promise<RunResult> {
    // One turn of the event loop, so that the caller can subscribe before the first event.
    await new Promise((resolve) => setImmediate(resolve));
    let scope: RunScope | undefined;
    try {
      const { chosen } = await chooseProviders(config);
      scope = openScope(config, chosen, baseDir, (event) => events.emit(event));
      const result = await trainIn(scope);
      events.emit({ type: 'run-completed', result });
      return result;
    } catch (error) {
      const { code = 'RF-INTERNAL', message = String(error) } = error as {
        code?: string;
        message?: string;
      };
      events.emit({ type: 'run-failed', code, message });
      throw error;
    } finally {
      // What a plugin fails to close neither undoes a run that is done nor hides why one failed.
      await scope?.close((plugin, error) =>
        events.emit({ type: 'plugin-failed', plugin, message: String(error) }),
      );
      events.complete();
    }
  }

  async function trainIn(scope: RunScope): Promise<RunResult> {
    const callbacks = await scope.getAll(Callback);
    for (const callback of callbacks) callback.observe?.(events.observable(callback.name));
    for (const warning of config.warnings) events.emit({ type: 'warned', ...warning });
    const prepared = await prepare(config, scope, baseDir);
    const { graph, run } = prepared;
    const merged = mergeWeights(graph, run.seed, given);
    return runTraining({
      ...prepared,
      ...trainingLoad({ ...prepared, core: config.core, weights: merged.weights }),
      merged: given ? merged : null,
      callbacks,
      events,
      commands,
    });
  }
}
