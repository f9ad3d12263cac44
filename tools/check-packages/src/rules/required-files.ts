import {
  type CheckedPackage,
  folderName,
  isPublished,
  type Kind,
  packageRule,
  type Rule,
} from '../rule.ts';

const CONFIG = ['package.json', 'tsconfig.json'];
const LIBRARY = [
  ...CONFIG,
  'LICENSE',
  'README.md',
  'tsconfig.build.json',
  'tsup.config.ts',
  'vitest.config.ts',
];

const KIT_TEST = 'test/conformance';

/** Paths; `|` stands between those of which one will do. */
const REQUIRED: Readonly<Record<Kind, (checked: CheckedPackage) => readonly string[]>> = {
  core: () => [...LIBRARY, 'SPEC.md', 'src/index.ts', 'src/provider.ts'],
  kit: () => [...LIBRARY, 'src/index.ts', 'src/vitest.ts'],
  backend: (checked) => [
    ...LIBRARY,
    'src/index.ts',
    `src/${backendId(checked)}-provider.ts`,
    `${KIT_TEST}.test.ts|${KIT_TEST}.browser.test.ts`,
  ],
  layers: () => LIBRARY,
  vault: () => [...LIBRARY, 'src/index.ts'],
  auth: () => [...LIBRARY, 'src/index.ts'],
  umbrella: () => [...LIBRARY, 'src/browser.ts', 'src/desktop.ts'],
  system: () => [...LIBRARY, 'src/index.ts'],
  app: (checked) => [
    ...CONFIG,
    'README.md',
    'src/main.ts',
    'vitest.config.ts',
    ...(isPublished(checked) ? ['LICENSE', 'tsup.config.ts'] : []),
  ],
  example: () => [...CONFIG, 'README.md', 'src/main.ts'],
  server: () => [...CONFIG, 'vitest.config.ts', 'src/index.ts'],
  tool: () => [...CONFIG, 'vitest.config.ts'],
};

/** Every package has the files of its kind, so that who knows one finds everything in the next. */
export const requiredFiles: Rule = packageRule('required-files', (checked, report) => {
  const { kind, files } = checked;
  if (!kind) {
    const kinds = Object.keys(REQUIRED).join(', ');
    report('package.json', `"granary": { "kind": … } must be one of ${kinds}`);
    return;
  }
  for (const path of REQUIRED[kind](checked)) {
    const choices = path.split('|');
    if (choices.some((choice) => files.has(choice))) continue;
    report(choices.join(' or '), `is missing; every ${kind} package has it`);
  }
});

/** Returns a backend's id: `fs` for `storage-fs`. */
function backendId(checked: CheckedPackage): string {
  return folderName(checked).replace(/^storage-/, '');
}
