const DEEPEST = 500;

/** Why a value would not survive JSON unchanged, and where; `undefined` when it would. */
export function jsonProblem(value: unknown, name = 'the value'): string | undefined {
  const problem = find(value, 0);
  return problem === undefined ? undefined : name + problem;
}

/** The path to the problem and what it is: `["a"][0] is NaN`. */
function find(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      if (Object.is(value, -0)) return ' is -0';
      return Number.isFinite(value) ? undefined : ` is ${value}`;
    case 'undefined':
      return ' is undefined';
    case 'object':
      break;
    default:
      return ` is a ${typeof value}`;
  }
  if (value === null) return undefined;
  if (depth > DEEPEST) return ' is nested too deeply, or in a circle';
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const problem = find(value[index], depth + 1);
      if (problem !== undefined) return place(index, problem, depth);
    }
    return undefined;
  }
  if (!isPlain(value)) return ` is a ${value.constructor?.name ?? 'special object'}`;
  for (const name of Object.keys(value)) {
    const problem = find((value as Record<string, unknown>)[name], depth + 1);
    if (problem !== undefined) return place(name, problem, depth);
  }
  return undefined;
}

function place(name: string | number, problem: string, depth: number): string {
  return depth > 10 ? problem : `[${JSON.stringify(name)}]${problem}`;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return false;
  return (
    Object.prototype.toString.call(value) === '[object Object]' &&
    Object.getOwnPropertySymbols(value).length === 0 &&
    typeof (value as { readonly toJSON?: unknown }).toJSON !== 'function'
  );
}
