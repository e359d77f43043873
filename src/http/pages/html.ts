/** HTML with every value escaped, and the frame that all pages share. */
import { createHash } from 'node:crypto';

/** Text that is HTML already. */
export interface Html {
  readonly html: string;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

type Value = string | number | undefined | Html | readonly Html[];

function rendered(value: Value): string {
  if (value === undefined) return '';
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
  return 'html' in value ? value.html : value.map(({ html }) => html).join('');
}

/** A template whose values are escaped unless they are `Html` themselves. */
export function html(pieces: TemplateStringsArray, ...values: readonly Value[]): Html {
  return { html: pieces.map((piece, at) => (at === 0 ? piece : rendered(values[at - 1]) + piece)).join('') };
}

const style = `
:root{color-scheme:light dark;--ink:#16232e;--paper:#f4f6f8;--card:#fff;--line:#8593a0;--act:#0b5c8a;--bad:#9b1c1c}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#10171d;--card:#1a242d;--line:#71808d;--act:#63b3e4;--bad:#ff9b9b}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;background:var(--paper);color:var(--ink);
font:1rem/1.5 system-ui,sans-serif}
main{width:100%;max-width:28rem;background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:1.5rem}
h1{font-size:1.3rem;margin:0 0 .75rem}
h2{font-size:1.05rem;margin:1.25rem 0 .25rem}
a{color:var(--act)}
label{display:block;margin:.75rem 0 .25rem;font-weight:600}
input:not([type=checkbox]),select{width:100%;padding:.6rem;font:inherit;color:inherit;background:transparent;
border:1px solid var(--line);border-radius:.3rem}
ul{list-style:none;padding:0}
li label{font-weight:400;display:flex;align-items:baseline;gap:.6rem;margin:.4rem 0}
details{margin:0 0 .75rem 1.5rem}
button,a.button{font:inherit;padding:.6rem 1.1rem;margin:1rem .5rem 0 0;border-radius:.3rem;border:1px solid var(--act);
background:var(--act);color:var(--card);cursor:pointer}
button.plain{background:transparent;color:inherit;border-color:var(--line)}
:focus-visible{outline:3px solid var(--act);outline-offset:2px}
.bad{color:var(--bad);font-weight:600}
a.button{display:inline-block;text-decoration:none}
code{overflow-wrap:anywhere;font-size:.85em}
`;

const styleHash = `'sha256-${createHash('sha256').update(style).digest('base64')}'`;

/**
 * Nothing but our own style; no scripts but the one of this hash, no frames around it, no other site's anything. A script
 * is allowed by its hash and not by its place: what a client has stored is served from this origin too.
 */
export const policyWith = (scriptHash = "'none'") =>
  `default-src 'none'; style-src ${styleHash}; script-src ${scriptHash}; base-uri 'none'; frame-ancestors 'none'`;

/** A whole page. */
export function page(locale: 'fr' | 'en', title: string, content: Html): string {
  return html`<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · LIVEDOC</title>
<style>${{ html: style }}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`.html;
}
