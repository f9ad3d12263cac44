import type { CandidateQuery, ListEntry, ListItem } from '@granary/storage-core/provider';
import { changed, isItem, type Mutation } from './mutation.ts';
import { own } from './own-operation.ts';

/** A provider whose index finds something else. */
function finding(
  rule: string,
  name: string,
  change: (entries: readonly ListEntry[], query: CandidateQuery) => readonly ListEntry[],
): Mutation {
  return changed(rule, name, (provider) => ({
    async *candidates(query, options) {
      for await (const { entries } of own(provider, 'candidates')(query, options)) {
        yield { entries: change(entries, query) };
      }
    },
  }));
}

const without = (entry: ListEntry, name: keyof ListItem): ListEntry => {
  const { [name]: _left, ...rest } = entry as ListItem;
  return rest as ListItem;
};

export const candidateMutations: readonly Mutation[] = [
  finding('CAND-1', 'has tags in lower case in its index', (entries, { tags = [] }) =>
    entries.filter(
      (entry) =>
        isItem(entry) && tags.every((tag) => entry.tags?.some((one) => one.toLowerCase() === tag)),
    ),
  ),
  finding('CAND-1', 'looks for a part of a media type as a whole', (entries, { contentType }) =>
    entries.filter(
      (entry) => contentType === undefined || (entry as ListItem).contentType === contentType,
    ),
  ),
  changed('CAND-1', 'forgets to put changed attributes into its index', (provider) => {
    const told = new Map<string, ListEntry>();
    return {
      async *candidates(query, options) {
        for await (const { entries } of own(provider, 'candidates')(query, options)) {
          for (const entry of entries) if (!told.has(entry.key)) told.set(entry.key, entry);
          yield { entries: entries.map((entry) => told.get(entry.key) ?? entry) };
        }
      },
    };
  }),
  finding('CAND-2', 'tells a candidate once for each index', (entries) => [...entries, ...entries]),
  finding('CAND-2', 'tells candidates in the order of its index', (entries) =>
    entries.toReversed(),
  ),
  finding('CAND-2', 'leaves metadata out of its candidates', (entries) =>
    entries.map((entry) => without(entry, 'metadata')),
  ),
  changed('CAND-2', 'ignores the prefix', (provider) => ({
    candidates: ({ prefix: _ignored, ...query }, options) =>
      own(provider, 'candidates')(query, options),
  })),
  changed('CAND-2', 'begins at startAfter', (provider) => ({
    candidates: ({ startAfter: _ignored, ...query }, options) =>
      own(provider, 'candidates')(query, options),
  })),
];
