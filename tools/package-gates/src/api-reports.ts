import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkspacePackage } from '@granary-tools/workspace';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { type Entry, eachPackage, entriesOf, type Gate } from './gate.ts';
import { withScratchFolder } from './scratch-folder.ts';

/**
 * The public surface of each library is written down in `api/<entry>.api.md`, so that every change
 * of it shows in review, and every exported symbol is documented.
 */
export const apiReports: Gate = {
  name: 'api',
  check: ({ packages, update }) =>
    eachPackage(packages, (candidate) => checkPackage(candidate, update)),
};

async function checkPackage(
  { folder, path, manifest }: WorkspacePackage,
  update: boolean,
): Promise<readonly string[]> {
  const entries = new Map(
    entriesOf({ folder, path, manifest }).map((entry) => [entry.name, entry] as const),
  );
  const problems: string[] = [];
  const reports = join(path, 'api');
  for (const entry of entries.values()) {
    const file = join(reports, `${entry.name}.api.md`);
    const report = await withScratchFolder((scratch) => extract(path, entry, scratch));
    problems.push(
      ...undocumented(report).map((line) => `${entry.specifier}: no doc comment: ${line}`),
    );
    const committed = await readFile(file, 'utf8').catch(() => '');
    if (report === committed) continue;
    if (update) {
      await mkdir(reports, { recursive: true });
      await writeFile(file, report);
    } else {
      problems.push(
        `${entry.specifier}: the public surface is not the one in ${folder}/api/${entry.name}.api.md; look at the difference with 'pnpm api', and commit it if it is meant`,
      );
    }
  }
  for (const name of await readdir(reports).catch(() => [])) {
    if (entries.has(name.replace(/\.api\.md$/, ''))) continue;
    if (update) await rm(join(reports, name));
    else problems.push(`${folder}/api/${name} belongs to no entry; run 'pnpm api'`);
  }
  return problems;
}

/** Returns the report of one entry, from its built declarations. */
async function extract(path: string, { name }: Entry, scratch: string): Promise<string> {
  const messages = { default: { logLevel: ExtractorLogLevel.None } };
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(path, 'package.json'),
    configObject: {
      projectFolder: path,
      mainEntryPointFilePath: join(path, 'dist', `${name}.d.ts`),
      newlineKind: 'lf',
      compiler: { overrideTsconfig: compilerSettings(path, name) },
      apiReport: {
        enabled: true,
        reportFileName: name,
        reportFolder: scratch,
        reportTempFolder: join(scratch, 'temp'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: messages,
        extractorMessageReporting: messages,
        tsdocMessageReporting: messages,
      },
    },
  });
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message) => {
      message.handled = true;
    },
  });
  return readFile(join(scratch, `${name}.api.md`), 'utf8');
}

/** api-extractor brings its own TypeScript, which gets the same view of the declarations as users. */
function compilerSettings(path: string, name: string): object {
  return {
    compilerOptions: {
      target: 'ES2024',
      module: 'NodeNext',
      moduleResolution: 'NodeNext',
      lib: ['ES2024', 'ESNext', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
      types: ['node'],
      strict: true,
      skipLibCheck: true,
      rootDir: path,
    },
    files: [join('dist', `${name}.d.ts`)],
  };
}

/** Returns the first lines of exported declarations without a doc comment. Members may go without. */
function undocumented(report: string): readonly string[] {
  return report
    .split('// @public (undocumented)\n')
    .slice(1)
    .map((declaration) => declaration.replace(/\n.*/s, ''));
}
