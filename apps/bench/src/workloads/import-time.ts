import { defineSubject, type Subject } from '../harness/subject.ts';
import { defineWorkload, type Workload } from '../harness/workload.ts';
import { inFreshProcess } from './fresh-process.ts';

/** Something that can be imported. */
export interface ImportSubject extends Subject {
  readonly specifiers: readonly string[];
}

function entry(
  id: string,
  title: string,
  kind: Subject['kind'],
  specifiers: readonly string[],
): ImportSubject {
  return defineSubject({ id, title, kind, specifiers });
}

const importSubjects: readonly ImportSubject[] = [
  entry('raw-empty', 'an empty module', 'raw', ['data:text/javascript,']),
  entry('core', '@granary/storage-core', 'granary', ['@granary/storage-core']),
  entry('core-fs', '@granary/storage-fs (with core)', 'granary', ['@granary/storage-fs']),
  entry('core-memory', '@granary/storage-memory (with core)', 'granary', [
    '@granary/storage-memory',
  ]),
  entry('umbrella', '@granary/storage/desktop', 'granary', ['@granary/storage/desktop']),
  entry('files-sdk', 'files-sdk + fs', 'peer', ['files-sdk', 'files-sdk/fs']),
  entry('unstorage-1', 'unstorage 1 + fs', 'peer', ['unstorage', 'unstorage/drivers/fs']),
  entry('unstorage-2', 'unstorage 2 + fs', 'peer', ['unstorage-next', 'unstorage-next/drivers/fs']),
  entry('flydrive', 'flydrive + fs', 'peer', ['flydrive', 'flydrive/drivers/fs']),
  entry('flystorage', 'flystorage + local-fs', 'peer', [
    '@flystorage/file-storage',
    '@flystorage/local-fs',
  ]),
  entry('opendal', 'opendal', 'peer', ['opendal']),
  entry('keyv', 'keyv + keyv-file', 'peer', ['keyv', 'keyv-file']),
];

/** Imports each entry in a fresh process. */
export const importTime: Workload = defineWorkload<ImportSubject>({
  name: 'import-time',
  title: 'Cold import',
  about: 'A fresh process imports the package as an application would, with a warm page cache.',
  metrics: { import: { title: 'import', unit: 'ms', better: 'lower' } },
  subjects: importSubjects,
  isolated: false,
  groupOf: ({ kind }) => (kind === 'raw' ? 'nothing' : 'import'),
  async start(subject) {
    const imports = subject.specifiers.map(
      (specifier) => `await import(${JSON.stringify(specifier)});`,
    );
    const measure = async () =>
      Number(
        await inFreshProcess(
          `const startedAt = performance.now();\n${imports.join('\n')}\nreport(performance.now() - startedAt);`,
        ),
      );
    return {
      verify: async () => {
        await measure();
      },
      run: async () => ({ import: await measure() }),
      close: async () => {},
    };
  },
});
