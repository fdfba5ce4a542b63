/**
 * Evaluates the formulas that the README prints: numbers, names, + - * / ^, brackets and a few
 * functions, over numbers and lists of numbers of equal length. Nothing of it is run as code.
 *
 * @module
 */

/** A number, or one per contractor or criterion. */
export type Value = number | readonly number[];

/** What the names of a formula stand for. */
export type Names = Readonly<Record<string, Value>>;

type Binary = (a: number, b: number) => number;

const OPERATORS: Readonly<Record<string, Binary>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '^': (a, b) => a ** b,
};

function listOf(value: Value): readonly number[] {
  return typeof value === 'number' ? [value] : value;
}

function pairwise(operator: Binary, a: Value, b: Value): Value {
  if (typeof a === 'number' && typeof b === 'number') return operator(a, b);
  const [x, y] = [listOf(a), listOf(b)];
  const length = Math.max(x.length, y.length);
  if (![x, y].every((list) => list.length === length || list.length === 1)) {
    throw new RangeError(`lists of ${x.length} and ${y.length} numbers do not go together`);
  }
  return Array.from({ length }, (_, i) => operator(x[i] ?? x[0]!, y[i] ?? y[0]!));
}

function each(f: (x: number) => number): (value: Value) => Value {
  return (value) => (typeof value === 'number' ? f(value) : value.map(f));
}

function sum(value: Value): number {
  return listOf(value).reduce((a, b) => a + b, 0);
}

/** Of one list its greatest or least number; of several values that of each place. */
function extreme(choose: Binary): (...values: readonly Value[]) => Value {
  return (first, ...others) =>
    others.length === 0
      ? listOf(first).reduce(choose)
      : others.reduce((a, b) => pairwise(choose, a, b), first);
}

const FUNCTIONS: Readonly<Record<string, (...values: Value[]) => Value>> = {
  sqrt: each(Math.sqrt),
  exp: each(Math.exp),
  abs: each(Math.abs),
  sum,
  mean: (value) => sum(value) / listOf(value).length,
  scaled: (value) => pairwise((a, b) => a / b, value, sum(value)),
  max: extreme((a, b) => Math.max(a, b)),
  min: extreme((a, b) => Math.min(a, b)),
};

const TOKEN = /\s*(\d+(?:\.\d+)?(?:e\d+)?|[A-Za-z_]\w*|[-+*/^(),])/y;

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; text.slice(at).trim() !== ''; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) throw new SyntaxError(`"${text}" cannot be read from ${at} on`);
    tokens.push(token);
  }
  return tokens;
}

/** Recursive descent: sums of products of signed powers. */
class Reader {
  readonly #tokens: string[];
  readonly #names: Names;

  constructor(text: string, names: Names) {
    this.#tokens = tokensOf(text);
    this.#names = names;
  }

  whole(): Value {
    const value = this.#chain(['+', '-'], () => this.#product());
    if (this.#tokens.length > 0) throw new SyntaxError(`"${this.#tokens[0]!}" is too much`);
    return value;
  }

  #product(): Value {
    return this.#chain(['*', '/'], () => this.#signed());
  }

  #chain(operators: readonly string[], next: () => Value): Value {
    let value = next();
    while (operators.includes(this.#tokens[0] ?? '')) {
      value = pairwise(OPERATORS[this.#tokens.shift()!]!, value, next());
    }
    return value;
  }

  #signed(): Value {
    if (this.#tokens[0] !== '-') return this.#power();
    this.#tokens.shift();
    return pairwise((a, b) => a - b, 0, this.#signed());
  }

  #power(): Value {
    const base = this.#atom();
    if (this.#tokens[0] !== '^') return base;
    this.#tokens.shift();
    return pairwise(OPERATORS['^']!, base, this.#signed());
  }

  #atom(): Value {
    const token = this.#tokens.shift() ?? 'the end';
    if (token === '(') return this.#bracketed()[0]!;
    if (/^\d/.test(token)) return Number(token);
    if (this.#tokens[0] === '(' && Object.hasOwn(FUNCTIONS, token)) {
      this.#tokens.shift();
      return FUNCTIONS[token]!(...this.#bracketed());
    }
    if (Object.hasOwn(this.#names, token)) return this.#names[token]!;
    throw new SyntaxError(`"${token}" is no name here`);
  }

  /** Values between commas, to the closing bracket. */
  #bracketed(): Value[] {
    const values: Value[] = [];
    do {
      values.push(this.#chain(['+', '-'], () => this.#product()));
    } while (this.#next() === ',');
    return values;
  }

  #next(): string {
    const token = this.#tokens.shift();
    if (token !== ',' && token !== ')') throw new SyntaxError('a bracket is not closed');
    return token;
  }
}

/**
 * The value of a formula; of several formulas, `;` between them, the list of their values.
 *
 * @throws {@link SyntaxError} for what is no formula, and for a name that stands for nothing.
 */
export function evaluateFormula(text: string, names: Names): Value {
  const values = text.split(';').map((part) => new Reader(part, names).whole());
  return values.length === 1 ? values[0]! : values.flatMap(listOf);
}
