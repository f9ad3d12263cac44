import { isPublished, packageRule, type Rule } from '../rule.ts';

/** What a package may set itself. Everything else is the same for all, in tsconfig.base.json. */
const OWN_OPTIONS: ReadonlySet<string> = new Set([
  'customConditions',
  'jsx',
  'lib',
  'noEmit',
  'outDir',
  'rootDir',
  'types',
]);

/** What scripts in plain JavaScript need on top. */
const JAVASCRIPT_OPTIONS: ReadonlySet<string> = new Set([
  'allowJs',
  'checkJs',
  'declaration',
  'declarationMap',
  'isolatedDeclarations',
]);

interface TsConfig {
  readonly extends?: string;
  readonly compilerOptions?: Readonly<Record<string, unknown>>;
}

/** Packages start from the same settings and weaken none: compiler flags, test gate, build. */
export const settingsFiles: Rule = packageRule('settings-files', (checked, report) => {
  const { files, modules, kind } = checked;
  for (const path of ['tsconfig.json', 'tsconfig.build.json']) {
    const text = files.get(path);
    if (text === undefined) continue;
    const config: TsConfig = JSON.parse(text);
    if (config.extends !== '../../tsconfig.base.json') {
      report(path, 'must extend ../../tsconfig.base.json');
    }
    for (const option of Object.keys(config.compilerOptions ?? {})) {
      if (OWN_OPTIONS.has(option)) continue;
      if (kind === 'tool' && JAVASCRIPT_OPTIONS.has(option)) continue;
      report(path, `may not set ${option}; it is the same for all packages`);
    }
  }
  const presets = { 'vitest.config.ts': 'vitest', 'tsup.config.ts': 'tsup' };
  for (const [path, preset] of Object.entries(presets)) {
    const imports = modules.get(path)?.imports;
    const names = [`@granary-tools/presets/${preset}`, `./src/${preset}.ts`];
    if (imports && !names.some((name) => imports.includes(name))) {
      report(path, `must be made with ${names[0]}`);
    }
  }
  const { scripts = {} } = checked.manifest;
  if (scripts['test'] !== undefined && scripts['test'] !== 'vitest run --coverage') {
    report('package.json', 'script "test" must be "vitest run --coverage"');
  }
  if (files.has('vitest.config.ts') && scripts['test'] === undefined) {
    report('package.json', 'lacks the script "test"');
  }
  if (files.has('tsconfig.json') && scripts['typecheck'] === undefined) {
    report('package.json', 'lacks the script "typecheck"');
  }
  if (isPublished(checked) && scripts['build'] === undefined) {
    report('package.json', 'lacks the script "build"');
  }
});
