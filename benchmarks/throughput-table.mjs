import { works } from './works.mjs';

const COLUMNS = [
  ...['model', 'work', 'program', 'img/s best', 'img/s median', '× PyTorch (best)'],
  ...['× PyTorch (medians)', 'first step s', 'of PyTorch', 'peak MiB', 'of PyTorch'],
];

/** The page's text about throughput: conditions, what the columns mean, and a table for every set of conditions. */
export function throughputTable(entries) {
  const groups = new Map();
  for (const entry of entries) {
    const conditions = conditionsOf(entry);
    groups.set(conditions, [...(groups.get(conditions) ?? []), entry]);
  }
  const tables = [...groups].map(([conditions, group]) => `${conditions}\n\n${table(group)}`);
  return [explanation(), ...tables].join('\n\n');
}

function conditionsOf(entry) {
  const { date, cpu, cores, node, resolution, rounds, steps } = entry;
  return `${date}, ${cores} cores (${cpu}), Node ${node}, ${resolution} px, ${rounds} alternating rounds of ${steps} steps.`;
}

function table(group) {
  const order = Object.keys(works);
  const models = [...new Set(group.map(({ model }) => model))];
  const sorted = group.toSorted(
    (a, b) =>
      models.indexOf(a.model) - models.indexOf(b.model) ||
      order.indexOf(a.work) - order.indexOf(b.work),
  );
  const lines = [COLUMNS, COLUMNS.map(() => '---'), ...sorted.map(cells)];
  const libraries = [...new Set(group.map(({ program, library }) => `${program}: ${library}`))];
  return `${lines.map((line) => `| ${line.join(' | ')} |`).join('\n')}\n\n${libraries.join('; ')}.`;
}

function cells(entry) {
  const { model, work, program, batchSize, ratios } = entry;
  const of = (key) => (ratios ? ratios[key].toFixed(2) : '–');
  return [
    ...[model, `${work} (batch ${batchSize})`, program],
    ...[entry.bestImagesPerSecond.toFixed(1), entry.medianImagesPerSecond.toFixed(1)],
    ...[of('speedByMin'), of('speedByMedian')],
    ...[entry.firstStepSeconds.toFixed(1), of('firstStep')],
    ...[(entry.peakMemoryBytes / 2 ** 20).toFixed(0), of('peakMemory')],
  ];
}

function explanation() {
  return [
    '`training`: forward, backward and update. `fused`: inference of the fused form. `train-form`: inference with all',
    'branches. `-bf16`: bfloat16 convolutions (PyTorch: `torch.autocast`). `-b1`: one image at a time.',
    'The first step is counted from loading onto the device (weights are drawn, and fused, before) to its end, in the',
    'program itself. Memory is the peak of the whole process.',
    'Ratios are to PyTorch in the same run; those of speed are better above 1, those of time and memory below 1.',
  ].join('\n');
}
