/**
 * The words of a FHIRPath expression.
 * https://hl7.org/fhirpath/N1/#lexical-elements
 */

export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'date' | 'symbol' | 'variable' | 'end';
  readonly text: string;
  readonly at: number;
}

const space = /(?:\s|\/\/.*|\/\*[\s\S]*?\*\/)*/y;
const patterns: readonly (readonly [Token['kind'], RegExp])[] = [
  [
    'date',
    /@T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?|@\d{4}(?:-\d\d(?:-\d\d)?)?(?:T(?:\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?)?)?/y,
  ],
  ['number', /\d+(?:\.\d+)?/y],
  ['name', /[A-Za-z_][A-Za-z0-9_]*|`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*"/y],
  ['string', /'(?:[^'\\]|\\[\s\S])*'/y],
  ['variable', /%(?:[A-Za-z_][A-Za-z0-9_-]*|`[^`]*`|'[^']*')|\$(?:this|index|total)/y],
  ['symbol', /<=|>=|!=|!~|[().,|&+\-*/<>=~[\]{}]/y],
];

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f' };

/** The value of a quoted literal: `\n`, `\'`, `\u00e9` and the like resolved. */
function unquote(text: string): string {
  return text
    .slice(1, -1)
    .replace(/\\(u[0-9a-fA-F]{4}|[\s\S])/g, (_, code: string) =>
      code.length === 5 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (escapes[code] ?? code),
    );
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function next(expression: string, at: number): Token & { readonly length: number } {
  for (const [kind, pattern] of patterns) {
    const text = match(pattern, expression, at);
    if (text === undefined) continue;
    const quoted = kind === 'string' || /^[`"]/.test(text);
    return { kind, text: quoted ? unquote(text) : text, at, length: text.length };
  }
  throw new SyntaxError(`FHIRPath: unexpected ${JSON.stringify(expression[at])} at ${at} of ${expression}`);
}

/** All tokens, closed by one of kind `end`. Throws a SyntaxError at what FHIRPath does not know. */
export function tokenize(expression: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; ; ) {
    at += match(space, expression, at)?.length ?? 0;
    if (at >= expression.length) return [...tokens, { kind: 'end', text: '', at }];
    const token = next(expression, at);
    tokens.push(token);
    at += token.length;
  }
}
