// What the tests of this package call in a tab, in whatever place of it.

let ticks = 0;
setInterval(() => {
  ticks += 1;
}, 10);
console.log('the module runs');

export function countTicks(): number {
  return ticks;
}

export function echo(...args: readonly unknown[]): readonly unknown[] {
  return args;
}

export function scope(): Readonly<Record<string, unknown>> {
  return {
    name: Object.prototype.toString.call(globalThis).slice(8, -1),
    isSecure: globalThis.isSecureContext,
    origin: location.origin,
  };
}

export async function write(key: string, text: string): Promise<void> {
  await request('readwrite', (store) => store.put(text, key));
}

export async function read(key: string): Promise<unknown> {
  return await request('readonly', (store) => store.get(key));
}

/** Writes until the origin may store no more; returns how often it could. */
export async function fill(bytes: number): Promise<number> {
  for (let count = 0; ; count += 1) {
    try {
      const noise = Uint8Array.from({ length: bytes }, () => Math.random() * 256);
      await request('readwrite', (store) => store.put(noise, `fill-${count}`));
    } catch {
      return count;
    }
  }
}

export async function quota(): Promise<number | undefined> {
  return (await navigator.storage.estimate()).quota;
}

export function fail(): never {
  const error = new RangeError('it is too much');
  throw Object.assign(error, { code: 'too-much', usage: { usedBytes: 3 }, self: error.name });
}

export function failOddly(): never {
  throw 'no error at all';
}

export function failInRings(): never {
  const error: Error & { self?: unknown } = new Error('it holds itself');
  error.self = error;
  throw error;
}

export function bytes(): unknown {
  return { deep: new Uint8Array(3) };
}

export function hang(): Promise<never> {
  return new Promise(() => {});
}

/** Goes to another page, which has no calls. */
export function leave(): Promise<never> {
  const page = globalThis as unknown as { readonly location: { assign(url: string): void } };
  page.location.assign('/none');
  return new Promise(() => {});
}

export function throwLater(): void {
  setTimeout(() => {
    throw new Error('nobody catches this');
  });
}

/** Asks a worker of its own, which lies beside this module. */
export function askWorker(text: string): Promise<unknown> {
  const worker = new Worker(new URL('./shouter.ts', import.meta.url), { type: 'module' });
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage(text);
  });
}

function request(
  mode: IDBTransactionMode,
  use: (store: IDBObjectStore) => IDBRequest,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('test');
    opening.onupgradeneeded = () => opening.result.createObjectStore('all');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction('all', mode);
      const used = use(transaction.objectStore('all'));
      transaction.oncomplete = () => {
        database.close();
        resolve(used.result);
      };
      transaction.onabort = () => {
        database.close();
        reject(transaction.error);
      };
    };
  });
}
