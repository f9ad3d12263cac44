import type { CompletionModel, CompletionOption, Offer } from './completion-model.ts';

/** Writes the completion script of zsh. */
export function zshScript({ commands, common, schemes }: CompletionModel): string {
  const list = commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`);
  const cases = commands.map(({ name, options, words }) => {
    const specs = [...options, ...common].map(optionSpec);
    const places = words.map((offer, index) => {
      const position = index === words.length - 1 ? '*' : String(index + 1);
      return quote(`${position}:${wordLabel(offer)}:${action(offer)}`);
    });
    return `    ${name})\n      _arguments -s ${[...specs, ...places].join(' \\\n        ')}\n      ;;`;
  });
  return `#compdef granary
# zsh completion for granary: source <(granary completion zsh)
_granary_place() {
  local -a schemes=(${schemes.map(quote).join(' ')})
  schemes+=(\${(f)"$(granary config names 2>/dev/null)"})
  _files
  compadd -S '' -- $schemes
}
_granary() {
  local -a commands=(
${list.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
    help) _describe 'command' commands ;;
  esac
}
compdef _granary granary
`;
}

function optionSpec({ names, description, value, isList }: CompletionOption): string {
  const text = description.replace(/[[\]:]/g, '\\$&');
  const rest = `[${text}]${value === undefined ? '' : `:${wordLabel(value)}:${action(value)}`}`;
  const [first = '', ...others] = names;
  const repeat = isList === true ? '*' : '';
  if (others.length === 0) return quote(repeat + first + rest);
  const before = isList === true ? "'*'" : quote(`(${names.join(' ')})`);
  return `${before}{${names.join(',')}}${quote(rest)}`;
}

function wordLabel(offer: Offer): string {
  return typeof offer === 'string' && offer !== 'nothing' ? offer : 'value';
}

function action(offer: Offer): string {
  if (offer === 'place') return '_granary_place';
  if (offer === 'file') return '_files';
  return offer === 'nothing' ? ' ' : `(${offer.join(' ')})`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
