/**
 * The XHTML that a narrative may hold: well-formed, no script, no active content, something to read.
 * https://hl7.org/fhir/R4/narrative.html#rules
 */

const elements = new Set(
  `a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img li
  ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var`.split(/\s+/),
);

const attributes = new Set(
  `abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset cite
  class colspan compact coords dir frame headers height href hreflang hspace id lang longdesc name nowrap rel rev rowspan
  rules scope shape span src start style summary tabindex title type valign value vspace width xml:lang`.split(/\s+/),
);

const xhtml = 'http://www.w3.org/1999/xhtml';
// Sticky, one alternative for each first character, no nested repetition: linear in the length of the text.
const piece =
  /<!--[\s\S]*?-->|<(\/?)([A-Za-z][A-Za-z0-9:]*)((?:\s+[A-Za-z_][\w:.-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|[^<]+/y;
const attribute = /([A-Za-z_][\w:.-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const looseAmpersand = /&(?!(?:#\d+|#x[0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);)/;
const activeUrl = /^\s*(?:javascript|vbscript|data:text)/i;

function valueProblem(tag: string, name: string, value: string): string | undefined {
  if (name === 'xmlns') return value === xhtml ? undefined : `the namespace must be ${xhtml}`;
  if (!attributes.has(name)) return `attribute ${name} of <${tag}> is not allowed`;
  if ((name === 'href' || name === 'src') && activeUrl.test(value)) return `${name} must not hold active content`;
  return looseAmpersand.test(value) ? `${name} holds a & that is not part of an entity` : undefined;
}

function attributeProblem(tag: string, text: string): string | undefined {
  const seen = new Set<string>();
  for (const [, name = '', double, single] of text.matchAll(attribute)) {
    if (seen.has(name)) return `<${tag}> has ${name} twice`;
    seen.add(name);
    const problem = valueProblem(tag, name, double ?? single ?? '');
    if (problem !== undefined) return problem;
  }
  return undefined;
}

interface State {
  readonly open: string[];
  /** Whether there is something to read: text or an image. */
  content: boolean;
  closed: boolean;
}

function tagProblem(
  state: State,
  [, closing, tag = '', attributeText = '', empty]: RegExpExecArray,
): string | undefined {
  if (!elements.has(tag)) return `element <${tag}> is not allowed`;
  if (closing) {
    if (state.open.pop() !== tag) return `</${tag}> closes what is not open`;
    state.closed = state.open.length === 0;
    return undefined;
  }
  if (state.closed || (state.open.length === 0 && tag !== 'div')) return 'the text must be one <div>';
  if (tag === 'img') state.content = true;
  if (empty) state.closed = state.open.length === 0;
  else state.open.push(tag);
  return attributeProblem(tag, attributeText);
}

function textProblem(state: State, text: string): string | undefined {
  if (looseAmpersand.test(text)) return 'the text holds a & that is not part of an entity';
  if (text.trim() === '') return undefined;
  state.content = true;
  return state.open.length === 0 ? 'the text must be inside one <div>' : undefined;
}

/** What is wrong with the XHTML of a narrative; undefined when nothing is. */
export function xhtmlProblem(text: string): string | undefined {
  const state: State = { open: [], content: false, closed: false };
  piece.lastIndex = 0;
  for (let at = 0; at < text.length; at = piece.lastIndex) {
    piece.lastIndex = at;
    const match = piece.exec(text);
    if (!match) return `not well-formed near ${JSON.stringify(text.slice(at, at + 30))}`;
    if (match[0].startsWith('<!--')) continue;
    const problem = match[2] === undefined ? textProblem(state, match[0]) : tagProblem(state, match);
    if (problem !== undefined) return problem;
  }
  if (state.open.length > 0) return `<${state.open.at(-1)}> is not closed`;
  return state.content ? undefined : 'there is nothing to read in it';
}
