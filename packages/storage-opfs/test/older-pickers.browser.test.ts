import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openDirectory } from '../src/index.ts';

/** The parts of a page that a worker's types lack. */
interface Input extends EventTarget {
  readonly webkitdirectory: boolean;
}
declare const HTMLInputElement: { readonly prototype: { showPicker(): void } };

beforeEach(() => {
  // As in Firefox and Safari. Whoever asks for it looks when its module is loaded.
  Reflect.deleteProperty(globalThis, 'showOpenFilePicker');
});
afterEach(() => vi.restoreAllMocks());

/** What a person does in the picker of `<input type="file" webkitdirectory>`. */
function answers(answer: (input: Input) => void): void {
  vi.spyOn(HTMLInputElement.prototype, 'showPicker').mockImplementation(function (this: unknown) {
    const input = this as Input;
    expect(input.webkitdirectory).toBe(true);
    answer(input);
  });
}

function fileAt(path: string): File {
  const file = new File([path], path.split('/').at(-1) ?? '');
  return Object.defineProperty(file, 'webkitRelativePath', { value: path });
}

test('a folder is read in browsers in which nobody can choose one to work in', async () => {
  const files = ['album/a.png', 'album/may/b.png'].map(fileAt);
  answers((input) => {
    Object.defineProperty(input, 'files', { value: files });
    input.dispatchEvent(new Event('change'));
  });
  expect(await openDirectory()).toEqual([
    { path: 'a.png', file: files[0] },
    { path: 'may/b.png', file: files[1] },
  ]);
  expect(await openDirectory({ recursive: false })).toEqual([{ path: 'a.png', file: files[0] }]);
  answers((input) => input.dispatchEvent(new Event('cancel')));
  expect(await openDirectory()).toEqual([]);
});
