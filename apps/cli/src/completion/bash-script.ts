import type { CompletionModel, CompletionOption, Offer } from './completion-model.ts';

/** Writes the completion script of bash, which works without the bash-completion package. */
export function bashScript({ commands, common, schemes }: CompletionModel): string {
  const names = commands.map(({ name }) => name).join(' ');
  const valued = [...new Set([...commands.flatMap(({ options }) => options), ...common])]
    .filter(({ value }) => value !== undefined)
    .flatMap((option) => option.names)
    .join('|');
  const cases = commands.map(({ name, options, words }) => {
    const all = [...options, ...common];
    return [
      `    ${name})`,
      `      options=${quote(all.flatMap((option) => option.names).join(' '))}`,
      ...valueCase(all),
      `      offers=(${words.map((offer) => quote(offerCode(offer))).join(' ')})`,
      '      ;;',
    ].join('\n');
  });
  return `# bash completion for granary: source <(granary completion bash)
_granary() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local command='' options='' value='' skip='' index=0 word
  local -a offers=()
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ -n $skip ]]; then
      skip=''
      continue
    fi
    case $word in
      ${valued}) skip=1 ;;
      -*) ;;
      *) if [[ -z $command ]]; then command=$word; else index=$((index + 1)); fi ;;
    esac
  done
  if [[ -z $command ]]; then
    COMPREPLY=($(compgen -W ${quote(`${names} help --help --version`)} -- "$current"))
    return
  fi
  case $command in
${cases.join('\n')}
    help)
      COMPREPLY=($(compgen -W ${quote(names)} -- "$current"))
      return
      ;;
  esac
  local offer="\${offers[index]:-\${offers[\${#offers[@]}-1]}}"
  [[ -n $value ]] && offer=$value
  if [[ $current == -* && -z $value ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
    return
  fi
  case $offer in
    words:*) COMPREPLY=($(compgen -W "\${offer#words:}" -- "$current")) ;;
    place)
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -f -- "$current"))
      if [[ $previous != ':' && $current != ':' && -n $current ]]; then
        local scheme
        for scheme in $(compgen -W ${quote(schemes.join(' '))}" $(granary config names 2>/dev/null)" -- "$current"); do
          compopt -o nospace 2>/dev/null
          COMPREPLY+=("$scheme")
        done
      fi
      ;;
    file) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
}
complete -F _granary granary
`;
}

/** Finds out what the word before wants as its value. */
function valueCase(options: readonly CompletionOption[]): string[] {
  const lines = options.flatMap(({ names, value }) =>
    value === undefined ? [] : [`        ${names.join('|')}) value=${quote(offerCode(value))} ;;`],
  );
  return lines.length === 0 ? [] : ['      case $previous in', ...lines, '      esac'];
}

function offerCode(offer: Offer): string {
  return typeof offer === 'string' ? offer : `words:${offer.join(' ')}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
