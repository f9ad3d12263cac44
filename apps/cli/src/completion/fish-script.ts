import type { CompletionModel, CompletionOption, Offer } from './completion-model.ts';

/** Names of stores, which are other ones in every folder. */
const NAMES = '(granary config names 2>/dev/null)';

/** Writes the completion script of fish. */
export function fishScript({ commands, common, schemes }: CompletionModel): string {
  const head = [
    '# fish completion for granary: granary completion fish | source',
    'complete -c granary -f',
    ...commands.map(
      ({ name, summary }) =>
        `complete -c granary -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
    ),
    "complete -c granary -n __fish_use_subcommand -a help -d 'print the help of a command'",
  ];
  const body = commands.flatMap(({ name, options, words }) => {
    const when = `-n '__fish_seen_subcommand_from ${name}'`;
    const offers = new Set(words.map((offer) => wordOffer(offer, schemes)));
    return [
      ...[...offers].map((offer) => `complete -c granary ${when} ${offer}`),
      ...[...options, ...common].map(
        (option) => `complete -c granary ${when} ${optionFlags(option)}`,
      ),
    ];
  });
  return `${[...head, ...body].join('\n')}\n`;
}

function wordOffer(offer: Offer, schemes: readonly string[]): string {
  if (offer === 'place') return `-F -a ${quote(`${schemes.join(' ')} ${NAMES}`)}`;
  if (offer === 'file') return '-F';
  return offer === 'nothing' ? '-f' : `-f -a ${quote(offer.join(' '))}`;
}

function optionFlags({ names, description, value }: CompletionOption): string {
  const flags = names.map((name) =>
    name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
  );
  const wants = value === undefined ? [] : [value === 'file' || value === 'place' ? '-r -F' : '-x'];
  const choices = typeof value === 'object' ? [`-a ${quote(value.join(' '))}`] : [];
  return [...flags, ...wants, ...choices, `-d ${quote(description)}`].join(' ');
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
