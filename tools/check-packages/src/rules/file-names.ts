import { packageRule, type Rule } from '../rule.ts';

const FORBIDDEN_NOUNS: ReadonlySet<string> = new Set([
  'common',
  'helper',
  'helpers',
  'misc',
  'shared',
  'util',
  'utils',
]);

const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** Files and folders of source and tests are kebab-case and say what is in them. */
export const fileNames: Rule = packageRule('file-names', ({ files }, report) => {
  for (const path of files.keys()) {
    if (!/^(src|test)\//.test(path) || path.includes('/fixtures/')) continue;
    for (const part of path.split('/').flatMap((name) => name.split('.'))) {
      if (part === 'README') continue;
      if (!KEBAB.test(part)) report(path, `'${part}' is not kebab-case`);
      const noun = part.split('-').at(-1) ?? '';
      if (FORBIDDEN_NOUNS.has(noun)) {
        report(path, `'${noun}' says nothing; name the file after what it exports`);
      }
    }
  }
});
