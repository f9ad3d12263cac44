import { StorageError } from '@granary/storage-core';
import { nearestName } from '@granary/storage-core/provider';

/** Fields that go with every choice. */
const CHOICE_FIELDS: readonly string[] = ['requireDurable', 'onWarning', 'appName'];

/** A config of one kind: what it may hold, and what to do with anything else. */
interface Kind {
  readonly fields: readonly string[];
  readonly what: string;
  readonly hint: string;
}

/**
 * Refuses fields that would be left out silently, so that no data goes elsewhere than was meant. What
 * stands beside a `type` is its backend's business. `own`: what the automatic choice of the entry takes.
 * Errors: `invalid-config` with the name that was meant, or where the field belongs.
 */
export function checkFields(config: object, own: readonly string[]): void {
  const given = Object.entries(config).flatMap(([name, value]) =>
    value === undefined ? [] : [name],
  );
  const kind = kindOf(given, own);
  const unknown = given.find((name) => kind?.fields.includes(name) === false);
  if (kind === undefined || unknown === undefined) return;
  const meant = nearestName(unknown, kind.fields);
  throw new StorageError('invalid-config', `${kind.what} takes no option "${unknown}".`, {
    operation: 'createStorage',
    hint: meant === undefined ? kind.hint : `Did you mean "${meant}"? If not: ${kind.hint}`,
  });
}

function kindOf(given: readonly string[], own: readonly string[]): Kind | undefined {
  if (given.includes('type')) return undefined;
  if (given.includes('engine')) {
    return {
      fields: ['engine'],
      what: 'a storage that is given back as it is',
      hint: 'Give options to the factory that makes the engine.',
    };
  }
  if (given.includes('primary')) {
    return {
      fields: ['primary', 'fallbacks', 'retryPolicy', ...CHOICE_FIELDS],
      what: 'a chain of storages',
      hint: 'Options of one place stand in its entry: { type: …, … }.',
    };
  }
  const fields = [...CHOICE_FIELDS, ...own];
  return {
    fields: ['platform', ...fields],
    what: 'the automatic choice',
    hint: `Give \`type\` as well for an option of one backend; without it there are ${fields.join(', ')}.`,
  };
}
