import { afterEach, expect, test, vi } from 'vitest';

const checkDocuments = vi.fn();
vi.mock('./check.ts', () => ({ checkDocuments }));

afterEach(() => {
  process.argv = argv;
  process.exitCode = undefined;
  vi.restoreAllMocks();
});

const { argv } = process;

async function runMain(...args: string[]) {
  process.argv = ['node', 'main.ts', ...args];
  const lines: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line) => lines.push(line));
  vi.resetModules();
  await import('./main.ts');
  const { exitCode } = process;
  process.exitCode = undefined;
  return { lines, exitCode };
}

test('is content when the documents are right', async () => {
  checkDocuments.mockImplementationOnce(async ({ say, packages }) => {
    say(
      packages.some(
        ({ folder }: { readonly folder: string }) => folder === 'packages/storage-core',
      ),
    );
    return [];
  });
  expect(await runMain()).toEqual({ lines: [true], exitCode: 0 });
});

test('lists what is wrong and fails', async () => {
  checkDocuments.mockResolvedValueOnce(['a.md:2: fails']);
  expect(await runMain()).toEqual({ lines: ['a.md:2: fails'], exitCode: 1 });
});

test('looks at the named folders only', async () => {
  checkDocuments.mockResolvedValue([]);
  await runMain('docs');
  expect(checkDocuments).toHaveBeenLastCalledWith(expect.objectContaining({ folders: ['docs'] }));
  await runMain();
  expect(checkDocuments.mock.lastCall?.[0]).not.toHaveProperty('folders');
});
