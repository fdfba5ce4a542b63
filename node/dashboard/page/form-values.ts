/**
 * Values of form fields as the API takes them. An empty field is left out; what is no number goes
 * as it was typed, so that the node says what is wrong with it, as it does to the command line.
 *
 * @module
 */

export function numberOf(key: string, text: string): Record<string, number | string> {
  const typed = text.trim();
  if (typed === '') return {};
  const value = Number(typed);
  return { [key]: Number.isFinite(value) ? value : typed };
}

/** Dollars as whole micro-USD. */
export function microUsdOf(key: string, text: string): Record<string, number | string> {
  const { [key]: value } = numberOf(key, text);
  if (value === undefined) return {};
  return { [key]: typeof value === 'number' ? Math.round(value * 1e6) : value };
}

export function textOf(key: string, text: string): Record<string, string> {
  return text === '' ? {} : { [key]: text };
}
