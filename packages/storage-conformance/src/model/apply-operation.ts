import { type ObjectInfo, type StorageProvider, toBody } from '@granary/storage-core/provider';
import { grouped } from '../areas/list-groups.ts';
import { walkInSteps } from '../areas/list-pages.ts';
import { ensure, equal, failsWith } from '../check.ts';
import { filled } from '../content.ts';
import { isDeclared } from '../needs.ts';
import { operations } from '../open-context.ts';
import type { EtagChoice, Operation } from './operations.ts';
import { forget, keep, type PlainModel } from './plain-model.ts';

/** Whether two of the keys cannot live side by side in this store. */
function collides(provider: StorageProvider, model: PlainModel, key: string): boolean {
  const { fileAndFolder, caseSensitive } = provider.capabilities;
  const folded = (text: string) => (caseSensitive ? text : text.toLowerCase());
  const own = folded(key);
  const others = [...model.objects.keys()].filter((other) => other !== key).map(folded);
  return others.some(
    (other) =>
      (!fileAndFolder && (other.startsWith(`${own}/`) || own.startsWith(`${other}/`))) ||
      other === own,
  );
}

function etagOf(model: PlainModel, key: string, choice: EtagChoice): string | undefined {
  const current = model.objects.get(key)?.etag;
  if (choice === 'current') return current;
  if (choice === 'wrong') return `${current ?? 'no'}-such-etag`;
  const stale = model.stale.get(key);
  return stale === current ? undefined : stale;
}

/** Does an operation to the store and to the model, and checks that they agree. What the provider does not declare is passed over. */
export async function applyOperation(
  provider: StorageProvider,
  model: PlainModel,
  operation: Operation,
): Promise<void> {
  const { capabilities } = provider;
  const { objects } = model;
  const hasAttributes = isDeclared(capabilities, 'attributes');
  const write = (
    key: string,
    content: Uint8Array,
    n: number | undefined,
    info: ObjectInfo,
  ): void => {
    equal(info.size, content.byteLength, `size of ${key} that the write tells`);
    keep(model, key, { content, n, etag: info.etag });
  };

  switch (operation.do) {
    case 'put': {
      const { key, size, fill } = operation;
      if (collides(provider, model, key)) return;
      const n = hasAttributes ? operation.n : undefined;
      const content = filled(size, fill);
      write(
        key,
        content,
        n,
        await provider.put(key, toBody(content), n === undefined ? {} : { metadata: { n } }),
      );
      return;
    }
    case 'create': {
      const { key, size } = operation;
      if (!capabilities.createIfAbsent || collides(provider, model, key)) return;
      const content = filled(size, 1);
      const put = () => provider.put(key, toBody(content), { ifNoneMatch: '*' });
      if (objects.has(key)) await failsWith('precondition-failed', put, `create of ${key}`);
      else write(key, content, undefined, await put());
      return;
    }
    case 'replace': {
      const { key, size } = operation;
      const ifMatch = etagOf(model, key, operation.etag);
      if (!capabilities.replaceIfMatch || ifMatch === undefined || collides(provider, model, key))
        return;
      if (operation.etag === 'stale' && capabilities.etagCovers === 'content') return;
      const content = filled(size, 2);
      const put = () => provider.put(key, toBody(content), { ifMatch });
      if (objects.get(key)?.etag === ifMatch) write(key, content, undefined, await put());
      else await failsWith('precondition-failed', put, `replace of ${key}`);
      return;
    }
    case 'get':
    case 'stat': {
      await checkObject(provider, model, operation.key, operation.do);
      return;
    }
    case 'getRange': {
      const { key, offset, length } = operation;
      if (!capabilities.rangeReads) return;
      const get = () => provider.get(key, { range: { offset, length } });
      const content = objects.get(key)?.content;
      if (content === undefined) await failsWith('not-found', get, `part of ${key}`);
      else if (offset >= content.byteLength)
        await failsWith('range-not-satisfiable', get, `part of ${key}`);
      else
        equal(
          await (await get()).bytes(),
          content.slice(offset, offset + length),
          `part of ${key}`,
        );
      return;
    }
    case 'delete': {
      const { existed } = await provider.delete(operation.key, {});
      if (existed !== undefined)
        equal(existed, objects.has(operation.key), `whether ${operation.key} existed`);
      forget(model, operation.key);
      return;
    }
    case 'deleteIf': {
      const { key } = operation;
      const ifMatch = etagOf(model, key, operation.etag);
      if (!capabilities.deleteIfMatch || ifMatch === undefined) return;
      if (operation.etag === 'stale' && capabilities.etagCovers === 'content') return;
      const remove = () => provider.delete(key, { ifMatch });
      if (objects.get(key)?.etag !== ifMatch)
        await failsWith('precondition-failed', remove, `delete of ${key}`);
      else {
        await remove();
        forget(model, key);
      }
      return;
    }
    case 'setMetadata': {
      const { key, n } = operation;
      if (!hasAttributes || provider.setMetadata === undefined) return;
      const set = () => provider.setMetadata?.(key, { metadata: n === null ? null : { n } }, {});
      const object = objects.get(key);
      if (object === undefined) await failsWith('not-found', set, `setMetadata of ${key}`);
      else {
        const { etag } = (await set()) as ObjectInfo;
        keep(model, key, { ...object, n: n ?? undefined, etag });
      }
      return;
    }
    case 'copy':
    case 'move':
      await applyCopy(provider, model, operation);
      return;
    case 'list': {
      const { prefix, step } = operation;
      const delimiter =
        operation.delimiter && isDeclared(capabilities, 'delimiter') ? '/' : undefined;
      const all = [...objects.keys()];
      const wanted =
        delimiter === undefined
          ? all.filter((key) => key.startsWith(prefix))
          : grouped(all, delimiter, prefix);
      const seen = await walkInSteps(
        { provider },
        { prefix, ...(delimiter && { delimiter }) },
        step,
      );
      equal(seen.toSorted(), wanted.toSorted(), `listing of ${JSON.stringify(prefix)}`);
      return;
    }
    case 'putMany': {
      const keys = operation.keys.filter((key, index) => operation.keys.indexOf(key) === index);
      const chosen = keys.filter(
        (key) =>
          !keys.some(
            (other) =>
              other !== key &&
              (other.startsWith(`${key}/`) || other.toLowerCase() === key.toLowerCase()),
          ),
      );
      const free = chosen.filter((key) => !collides(provider, model, key));
      if (provider.putMany === undefined) return;
      const content = filled(operation.size, 3);
      const results = await provider.putMany(
        free.map((key) => ({ key, body: toBody(content) })),
        {},
      );
      equal(
        results.map(({ key }) => key),
        free,
        'keys of the results of putMany',
      );
      for (const result of results) {
        ensure(result.ok, `put of ${result.key} in a batch should succeed`);
        write(result.key, content, undefined, result.value);
      }
      return;
    }
    case 'deleteMany': {
      if (provider.deleteMany === undefined) return;
      const results = await provider.deleteMany(operation.keys, {});
      equal(
        results.map(({ key }) => key),
        operation.keys,
        'keys of the results of deleteMany',
      );
      ensure(
        results.every(({ ok }) => ok),
        'every delete of a batch should succeed',
      );
      for (const key of operation.keys) forget(model, key);
      return;
    }
  }
}

async function applyCopy(
  provider: StorageProvider,
  model: PlainModel,
  operation: Extract<Operation, { readonly from: string }>,
): Promise<void> {
  const { from, to } = operation;
  const { capabilities } = provider;
  const method = provider[operation.do]?.bind(provider);
  const create = operation.create && capabilities.copyIfAbsent === true;
  // The target is stored before the source goes.
  if (method === undefined || collides(provider, model, to)) return;
  const run = () => method(from, to, create ? { ifNoneMatch: '*' } : {});
  const source = model.objects.get(from);
  if (source === undefined && create && model.objects.has(to)) {
    await failsWith(
      ['not-found', 'precondition-failed'],
      run,
      `${operation.do} of a missing object onto one`,
    );
  } else if (source === undefined) {
    await failsWith('not-found', run, `${operation.do} of ${from}`);
  } else if (create && model.objects.has(to)) {
    await failsWith('precondition-failed', run, `${operation.do} onto ${to}`);
  } else {
    const info = await run();
    if (operation.do === 'move' && from !== to) forget(model, from);
    keep(model, to, { ...source, etag: info.etag });
  }
}

async function checkObject(
  provider: StorageProvider,
  { objects }: PlainModel,
  key: string,
  by: 'get' | 'stat',
): Promise<void> {
  const wanted = objects.get(key);
  if (wanted === undefined) {
    await failsWith('not-found', async () => await provider[by](key, {}), `${by} of ${key}`);
    return;
  }
  if (by === 'get')
    equal(await operations(provider).bytes(key), wanted.content, `content of ${key}`);
  const info = await provider.stat(key, {});
  equal(
    [info.key, info.size, info.etag],
    [key, wanted.content.byteLength, wanted.etag],
    `key, size and etag of ${key}`,
  );
  equal(info.metadata?.['n'], wanted.n, `metadata of ${key}`);
}

/** Checks that the store holds what the model does, and nothing else. */
export async function checkAll(provider: StorageProvider, model: PlainModel): Promise<void> {
  const { keys } = operations(provider);
  equal((await keys()).toSorted(), [...model.objects.keys()].toSorted(), 'the keys at the end');
  for (const key of model.objects.keys()) await checkObject(provider, model, key, 'get');
}
