/** Variables by name, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a text with variables became, or what is wrong with it. */
export type Substituted =
  | { readonly text: string }
  | { readonly message: string; readonly hint?: string };

export interface SubstituteSettings {
  /** Not known yet: what is written is checked, and variables stay as they are. */
  readonly env: Environment | undefined;
  /** Done to what a variable or its default gives, where it is but a part of the text. */
  readonly encode?: (value: string) => string;
}

/** `$${` stands for itself; what opens and does not close is found too. */
const TOKEN = /\$\$\{|\$\{([^{}]*)\}|\$\{/g;
const VARIABLE = /^([A-Za-z_]\w*)(?::-(.*))?$/s;

/** Whether a text has variables in it. */
export function hasVariables(text: string): boolean {
  return text.includes(`\${`);
}

/**
 * Puts variables into a text: `${NAME}`, `${NAME:-default}`; `$${` is written for `${` itself. What
 * a variable gives is not looked at again. One that is empty counts as not set, as it does for `:-`
 * in https://docs.docker.com/reference/compose-file/interpolation (read 2026-11-21).
 */
export function substitute(text: string, { env, encode }: SubstituteSettings): Substituted {
  let problem: { readonly message: string; readonly hint?: string } | undefined;
  const result = text.replace(TOKEN, (token, body: string | undefined) => {
    if (token === `$\${`) return `\${`;
    const [, name, standard] = VARIABLE.exec(body ?? '') ?? [];
    if (name === undefined) {
      problem ??= {
        message: `what follows "\${" is no variable.`,
        hint: `Write \${NAME} or \${NAME:-default}, or $\${ for the signs themselves.`,
      };
      return '';
    }
    if (env === undefined) return token;
    const given = Object.hasOwn(env, name) ? env[name] : undefined;
    const value = given === '' ? standard : (given ?? standard);
    if (value === undefined) {
      problem ??= {
        message: `the variable ${name} is ${given === '' ? 'empty' : 'not set'}.`,
        hint: `Set it, or give a default: \${${name}:-value}.`,
      };
      return '';
    }
    return encode === undefined || token === text ? value : encode(value);
  });
  return problem ?? { text: result };
}
