import type { Rule } from './rule.ts';
import { dependencyFloors } from './rules/dependency-floors.ts';
import { dependencyRanges } from './rules/dependency-ranges.ts';
import { exportsShape } from './rules/exports-shape.ts';
import { fileNames } from './rules/file-names.ts';
import { fileSize } from './rules/file-size.ts';
import { importFloors } from './rules/import-floors.ts';
import { manifestFields } from './rules/manifest-fields.ts';
import { namedExports } from './rules/named-exports.ts';
import { readmeForm } from './rules/readme-form.ts';
import { relativeImports } from './rules/relative-imports.ts';
import { requiredFiles } from './rules/required-files.ts';
import { settingsFiles } from './rules/settings-files.ts';
import { webOnly } from './rules/web-only.ts';

/** Returns all rules. There is no list of exceptions: a rule is right, or it changes. */
export function allRules(catalog: ReadonlySet<string>): readonly Rule[] {
  return [
    requiredFiles,
    manifestFields,
    exportsShape,
    dependencyFloors,
    dependencyRanges(catalog),
    importFloors,
    relativeImports,
    namedExports,
    webOnly,
    fileNames,
    fileSize,
    readmeForm,
    settingsFiles,
  ];
}
