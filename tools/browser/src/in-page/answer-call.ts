/** What a page or worker exports for tests. */
export type Calls = Readonly<Record<string, unknown>>;

/** What becomes of a call, as plain values. */
export type CallAnswer =
  | { readonly value?: unknown }
  | { readonly error: Readonly<Record<string, unknown>> };

/** Calls what `calls` exports under `name` and returns a {@link CallAnswer} as JSON. Never rejects. */
export async function answerCall(
  calls: Calls,
  name: string,
  args: readonly unknown[],
): Promise<string> {
  try {
    const call = calls[name];
    if (typeof call !== 'function') {
      const names = Object.keys(calls).join(', ');
      throw new TypeError(`The page exports no function '${name}'; it has ${names || 'none'}.`);
    }
    return JSON.stringify({ value: await call(...args) }, onlyJson);
  } catch (error) {
    return JSON.stringify({ error: plainError(error) });
  }
}

/** Refuses what JSON would turn into something else. */
function onlyJson(this: unknown, field: string, value: unknown): unknown {
  const type = Object.prototype.toString.call(value).slice(8, -1);
  if (ArrayBuffer.isView(value) || ['Map', 'Set', 'ArrayBuffer', 'Blob', 'File'].includes(type)) {
    throw new TypeError(`'${field}' is a ${type}, which does not reach the test; make JSON of it.`);
  }
  return value;
}

function plainError(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, stack } = error;
  const code = 'code' in error ? error.code : undefined;
  try {
    const fields = JSON.parse(JSON.stringify({ ...error }));
    return { ...fields, name, message, code, stack };
  } catch {
    return { name, message, code, stack };
  }
}
