/**
 * What may stand somewhere in a file. Reading, checking and the JSON schema for editors are all
 * made from it, so they cannot differ.
 */
export type Shape =
  | TextShape
  | NumberShape
  | FlagShape
  | SizeShape
  | ValuesShape
  | ListShape
  | NamedShape
  | FieldsShape
  | MixedShape
  | StepShape;

interface About {
  /** One sentence for editors. */
  readonly about?: string;
}

export interface TextShape extends About {
  readonly kind: 'text';
  /** The only texts that it can be. */
  readonly oneOf?: readonly string[];
  /** What editors offer. */
  readonly examples?: readonly string[];
  /** Whether variables can stand in it. Default: they can. */
  readonly isLiteral?: boolean;
  /** What variables give is a part of a URL, and escaped as such. */
  readonly isUrl?: boolean;
}

export interface NumberShape extends About {
  readonly kind: 'number';
  readonly isWhole?: boolean;
  readonly least?: number;
}

export interface FlagShape extends About {
  readonly kind: 'flag';
}

/** A number of bytes, also as `100MB`. */
export interface SizeShape extends About {
  readonly kind: 'size';
}

/** Names with any values, which somebody else checks. */
export interface ValuesShape extends About {
  readonly kind: 'values';
}

export interface ListShape extends About {
  readonly kind: 'list';
  readonly of: Shape;
  /** A value alone counts as a list of one. */
  readonly takesOne?: boolean;
}

/** Values of one shape under names that the author of the file chooses. */
export interface NamedShape extends About {
  readonly kind: 'named';
  readonly of: Shape;
  readonly names: RegExp;
  /** What a name is, as a sentence. */
  readonly meaning: string;
  /** Names that mean something else. */
  readonly reserved: readonly string[];
}

export interface FieldsShape extends About {
  readonly kind: 'fields';
  readonly fields: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  /** Names of which exactly one, or at most one, is there. */
  readonly choices?: readonly FieldChoice[];
  /** A map without a field means nothing. */
  readonly isNeverEmpty?: boolean;
}

export interface FieldChoice {
  readonly names: readonly string[];
  readonly isRequired: boolean;
}

/** One shape for a value that is no map, another for a map. */
export interface MixedShape extends About {
  readonly kind: 'mixed';
  readonly value: Shape;
  readonly map: NamedShape | FieldsShape;
}

/** A name alone, or a map with this name alone and its options. */
export interface StepShape extends About {
  readonly kind: 'step';
  readonly steps: Readonly<Record<string, FieldsShape>>;
}

/** What a {@link StepShape} is read to. */
export interface Step {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}
