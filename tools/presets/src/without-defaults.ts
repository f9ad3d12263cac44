import type { Reporter } from 'vitest/node';

/** The part of istanbul's coverage of all files that is changed here. */
export interface FileCoverages {
  files(): readonly string[];
  fileCoverageFor(file: string): {
    readonly data: {
      readonly branchMap: Record<string, { readonly type: string }>;
      readonly b: Record<string, readonly number[]>;
    };
  };
}

/**
 * Returns a vitest reporter after which a default value of a parameter is no branch of its own: one
 * call without the argument and one with it would be asked for each. Goes before the reporters that
 * read the coverage.
 */
export function withoutDefaults(): Reporter {
  return {
    onCoverage(coverage) {
      const map = coverage as FileCoverages;
      for (const file of map.files()) {
        const { branchMap, b: counts } = map.fileCoverageFor(file).data;
        for (const [id, { type }] of Object.entries(branchMap)) {
          if (type !== 'default-arg') continue;
          delete branchMap[id];
          delete counts[id];
        }
      }
    },
  };
}
