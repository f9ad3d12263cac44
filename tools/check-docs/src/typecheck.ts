import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runScript } from '@granary-tools/workspace/command';
import type { Program } from './programs.ts';

const SETTINGS = {
  compilerOptions: {
    target: 'ES2024',
    module: 'NodeNext',
    lib: ['ES2024', 'ESNext.Disposable', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
    types: ['node'],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    moduleDetection: 'force',
    allowImportingTsExtensions: true,
  },
};

const ERROR = /^(.+?)\((\d+),\d+\): error (.*)$/;

/** Typechecks all TypeScript programs at once, as a strict project. Returns what is wrong. */
export async function typecheck(
  programs: readonly Program[],
  folder: string,
  compiler: string,
): Promise<readonly string[]> {
  const files = programs.map(({ fileName }) => fileName).filter((name) => name.endsWith('.ts'));
  if (files.length === 0) return [];
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ ...SETTINGS, files }));
  const { exitCode, output } = await runScript(compiler, ['--pretty', 'false'], { cwd: folder });
  const errors = output.split('\n').flatMap((line) => readError(line, programs));
  if (exitCode !== 0 && errors.length === 0) return [`the compiler failed:\n${output}`];

  const unexpected = errors.filter(({ program }) => program.mustTypecheck);
  const broken = new Set(errors.map(({ program }) => program));
  const expected = programs.filter((program) => !program.mustTypecheck && !broken.has(program));
  return [
    ...new Set(unexpected.map(({ place, message }) => `${place}: ${message}`)),
    ...expected.map(({ place }) => `${place}: typechecks, though it is marked 'type-error'`),
  ];
}

interface CompilerError {
  readonly program: Program;
  readonly place: string;
  readonly message: string;
}

function readError(line: string, programs: readonly Program[]): readonly CompilerError[] {
  const [, fileName, lineNumber, message = ''] = ERROR.exec(line) ?? [];
  const program = programs.find((candidate) => candidate.fileName === fileName);
  if (!program) return [];
  const place = program.places[Number(lineNumber) - 1] ?? program.place;
  return [{ program, place, message }];
}
