import { loadClassifier, type Answer } from './classifier.js';
import { readPicture } from './read-picture.js';
import { startBackend } from './start-backend.js';

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const drop = element('drop');
const input = element<HTMLInputElement>('file');
const status = element('status');
const picture = element<HTMLImageElement>('picture');
const answers = element<HTMLTableElement>('answers');

try {
  const query = new URLSearchParams(location.search);
  const backend = await startBackend(query.get('backend'));
  const classifier = await loadClassifier(query.get('model') ?? 'model/model.json');
  status.textContent = `${classifier.model} is ready, computed by ${backend}.`;
  input.disabled = false;

  const look = async (file: File): Promise<void> => {
    status.textContent = `Looking at ${file.name} …`;
    answers.hidden = true;
    try {
      const pixels = await readPicture(file);
      URL.revokeObjectURL(picture.src);
      picture.src = URL.createObjectURL(file);
      picture.alt = `Your picture, ${file.name}`;
      picture.hidden = false;
      show(await classifier.classify(pixels, 5));
      status.textContent = `${classifier.model} has looked at ${file.name}, computed by ${backend}.`;
    } catch (error) {
      status.textContent = `${file.name} cannot be read as a picture: ${String(error)}`;
    }
  };
  input.addEventListener('change', () => {
    const [file] = input.files ?? [];
    if (file) void look(file);
  });
  // Anywhere on the page: a picture that misses the frame must not replace the page.
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
  document.addEventListener('dragleave', () => drop.classList.remove('over'));
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    const [file] = event.dataTransfer?.files ?? [];
    if (file) void look(file);
  });
} catch (error) {
  status.textContent = `The network cannot be loaded: ${String(error)}`;
}

function show(list: readonly Answer[]): void {
  const rows = list.map(({ name, probability }) => {
    const row = document.createElement('tr');
    for (const text of [name, `${(100 * probability).toFixed(2)} %`]) {
      row.append(Object.assign(document.createElement('td'), { textContent: text }));
    }
    row.dataset['probability'] = String(probability);
    return row;
  });
  answers.tBodies[0]!.replaceChildren(...rows);
  answers.hidden = false;
}
