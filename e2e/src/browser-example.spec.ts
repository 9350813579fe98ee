import { execFile } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readWeights, writeModelFile, writeTfjsModel } from '@refold/formats';
import { initialise, type Graph, type NamedTensors } from '@refold/graph';
import { appleWeightName, mobileoneGraph, mobileoneVariants } from '@refold/plugin-model-mobileone';
import { repvggGraph, repvggVariants } from '@refold/plugin-model-repvgg';
import { fuse } from '@refold/reparam';
import { kitWeights, sharedFolder } from '@refold/testing';
import { chromium, type Browser, type Page } from 'playwright-core';
import sharp from 'sharp';
import { runCli, root } from './spec-kit/run-cli.js';
import { serveFolder, type StaticServer } from './spec-kit/static-server.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';

const example = path.join(root, 'examples', 'browser');
const shared = sharedFolder();
const browserPath = chromiumOnPath();

function chromiumOnPath(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];
  const files = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .flatMap((dir) => names.map((name) => path.join(dir, name)));
  return files.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

interface Network {
  readonly model: string;
  readonly graph: Graph;
  readonly weights: NamedTensors;
  readonly classes: readonly string[];
  /** A photograph, or a drawn picture where there are none. */
  readonly image: string;
}

const normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const preprocessing = { resize: 256, crop: 224, interpolation: 'bilinear', channels: 3 } as const;
const sample = { channels: 3, height: 224, width: 224 };

/** MobileOne-S0 with Apple's weights, and the first photograph of ImageNet's validation set. */
async function realNetwork(data: string): Promise<Network> {
  const graph = mobileoneGraph(mobileoneVariants['mobileone_s0']!, {
    ...{ numClasses: 1000, sample, normalization },
  });
  const file = path.join(data, 'mobileone_s0', 'mobileone_s0_fused.apple_names.safetensors');
  const list = readFileSync(path.join(data, 'reference', 'imagenet_classes.json'), 'utf8');
  const [folder = ''] = readdirSync(path.join(data, 'imagenet-val-100', 'val'));
  const photographs = path.join(data, 'imagenet-val-100', 'val', folder);
  return {
    model: 'mobileone_s0',
    graph: fuse(graph, initialise(graph, 0)).graph,
    weights: new Map(
      [...(await readWeights(file))].map(([name, tensor]) => [appleWeightName(name)!, tensor]),
    ),
    classes: (JSON.parse(list) as { synset: string }[]).map(({ synset }) => synset),
    image: path.join(photographs, readdirSync(photographs)[0]!),
  };
}

async function drawnNetwork(folder: string): Promise<Network> {
  const spec = { ...repvggVariants['repvgg_a0']!, depths: [1, 1], widths: [8, 16], stem: 8 };
  const graph = repvggGraph(spec, { numClasses: 10, sample, normalization });
  const fused = fuse(graph, kitWeights(graph));
  const image = path.join(folder, 'drawn.png');
  const pixels = Buffer.from(Array.from({ length: 300 * 200 * 3 }, (_, i) => (i * i) % 251));
  await sharp(pixels, { raw: { width: 300, height: 200, channels: 3 } })
    .png()
    .toFile(image);
  const classes = Array.from({ length: 10 }, (_, i) => `class ${i}`);
  return { model: 'repvgg', graph: fused.graph, weights: fused.weights, classes, image };
}

interface Answer {
  readonly name: string;
  readonly probability: number;
}

/** The page's table, once it shows. */
async function answersOn(page: Page): Promise<readonly Answer[]> {
  await page.locator('#answers').waitFor({ state: 'visible' });
  return page.locator('#answers tbody tr').evaluateAll((rows) =>
    rows.map((row) => ({
      name: row.querySelector('td')!.textContent,
      probability: Number(
        (row as unknown as { dataset: Record<string, string> }).dataset['probability'],
      ),
    })),
  );
}

const inBrowser = browserPath ? describe : describe.skip;

inBrowser('the page of examples/browser (skipped where no Chromium is on the PATH)', () => {
  const folder = temporaryFolder();
  const site = path.join(folder, 'site');
  let network: Network;
  let expected: readonly Answer[];
  let server: StaticServer;
  let browser: Browser;

  beforeAll(async () => {
    const require = createRequire(path.join(example, 'package.json'));
    const vite = path.join(path.dirname(require.resolve('vite/package.json')), 'bin', 'vite.js');
    const args = [vite, 'build', '--outDir', site, '--emptyOutDir', '--logLevel', 'error'];
    await promisify(execFile)(process.execPath, args, { cwd: example });
    network = shared ? await realNetwork(path.join(shared, 'data')) : await drawnNetwork(folder);
    await writeTfjsModel(path.join(site, 'model'), { ...network, preprocessing });
    const file = path.join(folder, 'model.safetensors');
    const rest = { config: null, position: null, best: null } as const;
    const { image, ...model } = network;
    await writeModelFile(file, {
      ...{ ...model, ...rest, preprocessing },
      ...{ kind: 'model', form: 'fused' },
    });
    const predicted = await runCli(['predict', file, image, '--device', 'wasm', '--json']);
    const [answer] = JSON.parse(predicted.stdout) as [
      { top: { class: string; probability: number }[] },
    ];
    expected = answer.top.map(({ class: name, probability }) => ({ name, probability }));
    server = await serveFolder(site);
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    browser = await chromium.launch({ executablePath: browserPath!, args: sandbox });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  function expectAnswers(received: readonly Answer[]): void {
    expect(received).toHaveLength(5);
    expect(received[0]!.name).toBe(expected[0]!.name);
    for (const [i, { probability }] of expected.entries()) {
      expect(Math.abs(received[i]!.probability - probability)).toBeLessThan(1e-3);
    }
  }

  it('answers as Node does to a picture that is dropped, by the backend that it names', async () => {
    const page = await browser.newPage();
    await page.goto(server.url);
    const status = page.locator('#status');
    await status.filter({ hasText: 'is ready, computed by' }).waitFor();
    expect(await status.textContent()).toMatch(
      /^\w+ is ready, computed by (WebGPU|WebGL|WebAssembly)\.$/,
    );
    const bytes = readFileSync(network.image).toString('base64');
    const transfer = await page.evaluateHandle(
      async ([base64, name]) => {
        const response = await fetch(`data:application/octet-stream;base64,${base64}`);
        const type = name!.endsWith('png') ? 'image/png' : 'image/jpeg';
        // @ts-expect-error -- these run in the page, whose types Node does not have
        const dropped = new DataTransfer();
        dropped.items.add(new File([await response.blob()], name!, { type }));
        return dropped as unknown;
      },
      [bytes, path.basename(network.image)],
    );
    await page.locator('#drop').dispatchEvent('drop', { dataTransfer: transfer });
    expectAnswers(await answersOn(page));
    await page.close();
  });

  it('answers to a picture that is chosen with the keyboard, by WebAssembly', async () => {
    const page = await browser.newPage();
    await page.goto(`${server.url}?backend=wasm`);
    await page.locator('#file:enabled').waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.id')).toBe('file');
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.keyboard.press('Enter'),
    ]);
    await chooser.setFiles(network.image);
    expectAnswers(await answersOn(page));
    expect(await page.locator('#picture').getAttribute('alt')).toContain(
      path.basename(network.image),
    );
    await page.close();
  });

  it('says what is wrong with a file that is no picture, and with a network that is not there', async () => {
    const page = await browser.newPage();
    await page.goto(`${server.url}?backend=wasm`);
    await page.locator('#file:enabled').waitFor();
    const note = path.join(folder, 'note.png');
    writeFileSync(note, 'Dear diary');
    await page.locator('#file').setInputFiles(note);
    await page.getByText('note.png cannot be read as a picture').waitFor();
    await page.goto(`${server.url}?backend=wasm&model=nowhere/model.json`);
    await page.getByText('The network cannot be loaded').waitFor();
    await page.close();
  });
});
