import { fonts } from './text-width.js';

const SANS = `system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif`;
const MONO = `ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace`;

interface Palette {
  readonly page: string;
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly box: readonly [fill: string, stroke: string];
  readonly linear: readonly [fill: string, stroke: string];
  readonly region: readonly [fill: string, stroke: string];
  readonly fuses: readonly [fill: string, stroke: string];
  readonly becomes: readonly [fill: string, stroke: string];
}

const light: Palette = {
  page: '#ffffff',
  text: '#1f2328',
  muted: '#57606a',
  line: '#6e7781',
  box: ['#f6f8fa', '#c4ccd4'],
  linear: ['#fff8c5', '#bf9b30'],
  region: ['#eef6ff', '#0969da'],
  fuses: ['#ffffff', '#7db7f5'],
  becomes: ['#cfe6ff', '#0969da'],
};

const dark: Palette = {
  page: '#0d1117',
  text: '#e6edf3',
  muted: '#9da7b3',
  line: '#8b949e',
  box: ['#171d26', '#3d4650'],
  linear: ['#2f2810', '#9e7f1f'],
  region: ['#101c2e', '#4493f8'],
  fuses: ['#16202e', '#2f6cb5'],
  becomes: ['#163a66', '#4493f8'],
};

/** The picture's own style sheet: light, and dark where the reader's system is. Selectors hold inside the picture alone. */
export function styleSheet(): string {
  const { title, name, detail, caption } = fonts;
  return [
    `.refold text{font-family:${SANS};fill:${light.text}}`,
    `.refold .h1{font-size:20px;font-weight:600}.refold .h2{font-size:15px;font-weight:600}`,
    `.refold .title{font-size:${title.size}px;font-weight:600}`,
    `.refold .name{font-size:${name.size}px;font-family:${MONO}}`,
    `.refold .detail,.refold .sub{font-size:${detail.size}px}.refold .sub{font-size:13px}`,
    `.refold .caption{font-size:${caption.size}px;font-weight:600}`,
    '.refold rect{stroke-width:1}.refold .region,.refold .becomes{stroke-width:1.5}',
    '.refold .repeat{fill:none;stroke-dasharray:6 4}',
    // A line may pass under these words.
    '.refold .caption{paint-order:stroke;stroke-width:5px;stroke-linejoin:round}',
    '.refold .edge{fill:none;stroke-width:1.2}.refold .link{fill:none;stroke-width:1.5;stroke-dasharray:2 4}',
    colours(light),
    `@media (prefers-color-scheme:dark){${colours(dark)}}`,
  ].join('');
}

function colours(palette: Palette): string {
  const { page, text, muted, line, region } = palette;
  const pair = (selector: string, [fill, stroke]: readonly [string, string]) =>
    `.refold ${selector}{fill:${fill};stroke:${stroke}}`;
  return [
    `.refold .page{fill:${page};stroke:none}`,
    `.refold text{fill:${text}}`,
    `.refold .name,.refold .detail,.refold .sub,.refold .caption{fill:${muted}}`,
    pair('.box', palette.box),
    pair('.linear', palette.linear),
    pair('.region', region),
    pair('.fuses', palette.fuses),
    pair('.becomes', palette.becomes),
    `.refold .repeat{stroke:${muted}}.refold .repeat-caption{stroke:${page}}`,
    `.refold .region-caption{stroke:${region[0]}}`,
    `.refold .edge{stroke:${line}}.refold .head{fill:${line}}`,
    `.refold .link{stroke:${region[1]}}.refold .link-head{fill:${region[1]}}`,
  ].join('');
}
