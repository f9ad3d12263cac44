import { StorageError } from '@granary/storage-core/provider';

/** Where something stands in a file. Both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong with a configuration. It holds no value of an option, so no secret. */
export interface ConfigProblem extends Position {
  /** Name of the file, as it was passed. */
  readonly file: string;
  /** Where it is by names: `storage.providers.main.config.bucket`. Empty: the file as a whole. */
  readonly path: string;
  /** What is wrong, and what is allowed. */
  readonly message: string;
  /** What to do, such as the nearest spelling. */
  readonly hint?: string;
}

/** A problem before it is known which file it is of. */
export interface Finding {
  readonly at: Position;
  readonly path: Path;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** Names and places in lists, from the top of the file. */
export type Path = readonly (string | number)[];

const PROBLEMS: symbol = Symbol.for('@granary/storage-config/problems');
const PLAIN_NAME = /^[\w$-]+$/;

export function toProblem(file: string, { at, path, message, hint }: Finding): ConfigProblem {
  return {
    file,
    line: at.line,
    column: at.column,
    path: formatPath(path),
    message,
    ...(hint !== undefined && { hint }),
  };
}

/** Writes a path as code does: `providers.main.layers[1]["a.b"]`. */
function formatPath(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!PLAIN_NAME.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
}

/** One problem as a line: `storage.yaml:4:7 storage.providers.main.typ: there is no key "typ". …` */
export function formatProblem({ file, line, column, path, message, hint }: ConfigProblem): string {
  const subject = path === '' ? '' : ` ${path}`;
  return `${file}:${line}:${column}${subject}: ${message}${hint === undefined ? '' : ` ${hint}`}`;
}

/** One error for all problems of a file; {@link configProblems} takes it apart again. */
export function configError(problems: readonly ConfigProblem[]): StorageError {
  const lines = problems.map(formatProblem);
  const [first = ''] = lines;
  const [{ file } = { file: '' }] = problems;
  const text =
    lines.length === 1
      ? first
      : `${file} has ${lines.length} problems:\n${lines.map((line) => `  ${line}`).join('\n')}`;
  const error = new StorageError('invalid-config', text);
  return Object.defineProperty(error, PROBLEMS, { value: problems });
}

/** What an error of this package is made of; nothing for any other error. */
export function configProblems(error: unknown): readonly ConfigProblem[] {
  if (typeof error !== 'object' || error === null) return [];
  return (error as { readonly [name: symbol]: readonly ConfigProblem[] })[PROBLEMS] ?? [];
}
