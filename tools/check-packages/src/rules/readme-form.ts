import { type CheckedPackage, isPublished, packageRule, type Rule } from '../rule.ts';

/**
 * The fixed form of a package's README:
 *
 * ```
 * # @granary/<name>
 * One paragraph: what it is.
 * ## Install
 * ## Use
 * ## Options          backends and layers only; one row per option
 * (more, where a package needs it)
 * ## Errors           codes and when they come
 * ## Limits           what it does not do; at least one of Errors and Limits, in this order
 * ## License          always last
 * ```
 *
 * A private app or example has `# <name>`, the paragraph and `## Run`. Tools need no README.
 */
export const readmeForm: Rule = packageRule('readme-form', (checked, report) => {
  const readme = checked.files.get('README.md');
  if (readme === undefined) return;
  const say = (message: string) => report('README.md', message);
  const lines = withoutCode(readme);
  const headings = lines.filter((line) => /^##? /.test(line));
  const [title, ...sections] = headings;

  if (title !== `# ${checked.manifest.name}`) say(`must start with '# ${checked.manifest.name}'`);
  if (!hasParagraph(lines)) say('must say in one paragraph under the title what it is');

  const required = requiredSections(checked);
  const places = required.map((heading) => sections.indexOf(heading));
  for (const [index, heading] of required.entries()) {
    if (places[index] === -1) say(`lacks '${heading}'`);
  }
  const found = places.filter((place) => place !== -1);
  if (found.some((place, index) => place < (found[index - 1] ?? -1))) {
    say(`must have its sections in this order: ${required.join(', ')}`);
  }
  if (!isPublished(checked)) return;

  const closing = sections.filter((heading) => /^## (Errors|Limits)$/.test(heading));
  if (closing.length === 0) say("lacks '## Errors' or '## Limits'");
  const end = [...closing, '## License'];
  if (sections.slice(-end.length).join() !== end.join()) {
    say("must end with '## Errors' and/or '## Limits', then '## License'");
  }
  if (closing.join() === '## Limits,## Errors') say("must have '## Errors' before '## Limits'");
});

function requiredSections(checked: CheckedPackage): readonly string[] {
  if (!isPublished(checked))
    return checked.kind === 'tool' || checked.kind === 'server' ? [] : ['## Run'];
  const hasOptions = checked.kind === 'backend' || checked.kind === 'layers';
  return ['## Install', '## Use', ...(hasOptions ? ['## Options'] : []), '## License'];
}

/** Drops fenced code, whose lines may look like headings. */
function withoutCode(text: string): readonly string[] {
  return text.replace(/^(```+).*?^\1 *$/gms, '').split('\n');
}

/** Badges and blank lines may stand between the title and the paragraph. */
function hasParagraph(lines: readonly string[]): boolean {
  const first = lines.slice(1).find((line) => line.trim() !== '' && !line.startsWith('[!['));
  return first !== undefined && !/^(#|\||-|\*|>|!)/.test(first);
}
