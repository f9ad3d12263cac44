import { type CheckedPackage, folderName, isPublished, packageRule, type Rule } from '../rule.ts';

const REPOSITORY = 'git+https://github.com/granary-storage/granary.git';
const LIBRARY_FILES = ['dist', 'src', '!src/**/*.test.ts', 'CHANGELOG.md'];
const PROGRAM_FILES = ['dist', 'CHANGELOG.md'];

interface Field {
  readonly field: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** The package.json of every package says the same things in the same way. */
export const manifestFields: Rule = packageRule('manifest-fields', (checked, report) => {
  const { description, keywords = [] } = checked.manifest;
  if (!description?.trim()) report('package.json', '"description" is missing');
  const fields = isPublished(checked)
    ? [...everywhere(checked), ...published(checked)]
    : everywhere(checked);
  for (const { field, expected, actual } of fields) {
    if (JSON.stringify(actual) === JSON.stringify(expected)) continue;
    report('package.json', `"${field}" must be ${JSON.stringify(expected)}`);
  }
  if (isPublished(checked) && (keywords[0] !== 'granary' || keywords.length < 2)) {
    report('package.json', '"keywords" must start with "granary" and name more');
  }
});

function everywhere({ manifest }: CheckedPackage): readonly Field[] {
  return [
    { field: 'license', expected: 'MIT', actual: manifest.license },
    { field: 'type', expected: 'module', actual: manifest.type },
  ];
}

function published(checked: CheckedPackage): readonly Field[] {
  const { folder, manifest } = checked;
  const { name, sideEffects, engines, publishConfig, repository, files, exports, bin } = manifest;
  const isLibrary = Object.keys(exports ?? {}).length > 1;
  const hasScripts = Object.values(bin ?? {}).some((path) => path.startsWith('./bin/'));
  const expectedFiles = [
    ...(hasScripts ? ['bin'] : []),
    ...(isLibrary ? LIBRARY_FILES : PROGRAM_FILES),
  ];
  return [
    { field: 'name', expected: `@granary/${folderName(checked)}`, actual: name },
    { field: 'sideEffects', expected: false, actual: sideEffects },
    { field: 'engines', expected: { node: '>=22' }, actual: engines },
    {
      field: 'publishConfig',
      expected: { access: 'public', provenance: true },
      actual: publishConfig,
    },
    {
      field: 'repository',
      expected: { type: 'git', url: REPOSITORY, directory: folder },
      actual: repository,
    },
    { field: 'files', expected: expectedFiles, actual: files },
  ];
}
