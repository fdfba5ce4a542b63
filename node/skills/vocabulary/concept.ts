/**
 * One term of the vocabulary as its authors write it (SKOS reference s.2 to 8). The term itself
 * says what is broader: its path without the last segment.
 *
 * @module
 */

/** A term, what people call it, and what it is about. */
export interface Concept {
  readonly term: string;
  /** The one preferred name. */
  readonly label: string;
  readonly definition: string;
  /** Other names, and phrases with which people ask for it. Lower case, English. */
  readonly synonyms: readonly string[];
  /** Terms that often go with it, of any predicate. */
  readonly related: readonly string[];
  /** Unit of its quantity; a term without one is never counted. */
  readonly unit?: string;
}

/** What else a term may have. */
export interface ConceptExtras {
  readonly related?: readonly string[];
  readonly unit?: string;
}

/** Items of a list that is written with commas. */
export function commaSeparated(text: string): string[] {
  const items = text.split(',').map((item) => item.trim().replace(/\s+/g, ' '));
  return items.filter((item) => item !== '');
}

/**
 * One term.
 *
 * @param synonyms - Separated by commas.
 */
export function concept(
  term: string,
  label: string,
  definition: string,
  synonyms: string,
  { related = [], unit }: ConceptExtras = {},
): Concept {
  const common = { term, label, definition, synonyms: commaSeparated(synonyms), related };
  return unit === undefined ? common : { ...common, unit };
}
