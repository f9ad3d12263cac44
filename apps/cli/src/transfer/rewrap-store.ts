import type { Vault } from '@granary/storage-credentials';
import type { RewrapResult } from '@granary/storage-layers/encrypt';
import type { CommandContext } from '../command.ts';
import { EXIT, usageError } from '../exit-codes.ts';
import { errorFacts } from '../output/error-report.ts';
import { formatCount } from '../output/format.ts';
import type { Output } from '../output/output.ts';
import { printable } from '../output/printable.ts';

/**
 * Puts the objects of an encrypted store under the key that is current now. Returns the exit code.
 * Errors: usage for what is no place in such a store.
 */
export async function rewrapStore(
  { readPlace, stores, output, signal }: CommandContext,
  vault: Vault,
  word: string,
  isExclusive: boolean,
): Promise<number> {
  const place = await readPlace(word);
  const part =
    place.config === undefined ? undefined : await stores.under(place.url.host, 'encrypt');
  if (part === undefined) {
    throw usageError(
      `${place.label} is in no store of storage.yaml that encrypts.`,
      'Name one, such as secure: or secure:docs/. granary config show tells which there are.',
    );
  }
  const [{ rewrap }, { encryptionOptions }] = await Promise.all([
    import('@granary/storage-layers/encrypt'),
    import('@granary/storage-config/layers'),
  ]);
  const { provider, options } = part;
  const path = place.segments.join('/');
  const counts = { rewrapped: 0, current: 0, plain: 0, failed: 0 };
  try {
    const pages = rewrap(provider, {
      ...encryptionOptions(options, { vault }),
      prefix: path === '' || !place.isFolder ? path : `${path}/`,
      isExclusive,
      signal,
    });
    for await (const { results } of pages) {
      for (const result of results) {
        counts[result.outcome] += 1;
        await tell(output, result);
      }
    }
  } finally {
    await provider.close?.();
  }
  await output.result({ type: 'summary', action: 'rewrap', ...counts });
  await output.note(sumOf(counts));
  return counts.failed > 0 ? EXIT.failed : EXIT.ok;
}

async function tell(output: Output, result: RewrapResult): Promise<void> {
  const { key, outcome: status } = result;
  const isFailed = result.outcome === 'failed';
  const facts = isFailed ? { error: errorFacts(result.error) } : {};
  const line = status === 'plain' ? [`not encrypted  ${printable(key)}`] : [];
  await output.result({ type: 'object', action: 'rewrap', key, status, ...facts }, ...line);
  if (isFailed) await output.error(result.error);
}

function sumOf(counts: Readonly<Record<RewrapResult['outcome'], number>>): string {
  const { rewrapped, current, plain, failed } = counts;
  const parts = [
    ...(current > 0
      ? [`${current.toLocaleString('en-US')} ${current === 1 ? 'was' : 'were'} already`]
      : []),
    ...(plain > 0 ? [`${plain.toLocaleString('en-US')} not encrypted`] : []),
    ...(failed > 0 ? [`${failed.toLocaleString('en-US')} failed`] : []),
  ];
  const rest = parts.length === 0 ? '' : `; ${parts.join(', ')}`;
  return `Put ${formatCount(rewrapped, 'object')} under the current key${rest}.`;
}
