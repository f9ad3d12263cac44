import { isTestFile, packageRule, type Rule } from '../rule.ts';

const MAX_SOURCE_LINES = 400;
const MAX_TEST_LINES = 800;

/** A file that one can't read in one sitting wants to be two. */
export const fileSize: Rule = packageRule('file-size', ({ files }, report) => {
  for (const [path, text] of files) {
    if (!/\.(ts|tsx|js)$/.test(path)) continue;
    const max = isTestFile(path) ? MAX_TEST_LINES : MAX_SOURCE_LINES;
    const lines = text.trimEnd().split('\n').length;
    if (lines > max) report(path, `has ${lines} lines; split it at ${max}`);
  }
});
