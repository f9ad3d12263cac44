/** What breaks, and when. */
export interface Trouble {
  /** The call that fails, counted from 1; 0 for none. */
  at: number;
  /** Name of the exception. */
  error: string;
  /** Calls so far. */
  calls: number;
}

const CALLS: ReadonlySet<string | symbol> = new Set([
  'getDirectoryHandle',
  'getFileHandle',
  'getFile',
  'removeEntry',
  'move',
  'createWritable',
]);
const WALKS: ReadonlySet<string | symbol> = new Set(['entries', 'keys', 'values']);

/** A folder like the one given in which one call fails, once. */
export function faulty(
  folder: FileSystemDirectoryHandle,
  trouble: Trouble,
): FileSystemDirectoryHandle {
  const real = new WeakMap<object, object>();

  function fails(): DOMException | undefined {
    trouble.calls += 1;
    return trouble.calls === trouble.at
      ? new DOMException('made by the test', trouble.error)
      : undefined;
  }

  function wrap<Value>(value: Value): Value {
    if (!(value instanceof FileSystemHandle)) return value;
    const proxy = new Proxy(value, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        if (WALKS.has(name)) return () => walk(Reflect.apply(member, target, []));
        return async (...args: readonly unknown[]) => {
          const error = CALLS.has(name) ? fails() : undefined;
          if (error !== undefined) throw error;
          const plain = args.map((each) => real.get(each as object) ?? each);
          return wrap(await Reflect.apply(member, target, plain));
        };
      },
    });
    real.set(proxy, value);
    return proxy;
  }

  async function* walk(found: AsyncIterable<unknown>): AsyncGenerator<unknown> {
    const error = fails();
    if (error !== undefined) throw error;
    for await (const each of found) yield Array.isArray(each) ? each.map(wrap) : wrap(each);
  }

  return wrap(folder);
}
