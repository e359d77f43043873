/** Narratives: https://hl7.org/fhir/R4/narrative.html */
import { describe, expect, it } from 'vitest';
import { xhtmlProblem } from '../../../../src/fhir/validation/xhtml.ts';

const xmlns = 'xmlns="http://www.w3.org/1999/xhtml"';

describe('xhtmlProblem', () => {
  it.each([
    '<div>text</div>',
    `<div ${xmlns}><p class="a" style='color: red'>a &amp; b<br/>&#233;&#xe9;&nbsp;</p><!-- c --></div>`,
    `<div ${xmlns}><img src="#x" alt="a"/></div>`,
    `\n<div ${xmlns}><table><tbody><tr><td colspan="2">1</td></tr></tbody></table></div>\n`,
    `<div ${xmlns} xml:lang="fr" lang="fr"><a href="Patient/1">é</a></div>`,
  ])('finds nothing wrong with %s', (text) => expect(xhtmlProblem(text)).toBeUndefined());

  it.each([
    ['<div><script>alert(1)</script></div>', 'element <script> is not allowed'],
    ['<div onclick="x()">a</div>', 'attribute onclick of <div> is not allowed'],
    ['<div><a href=" javascript:x()">a</a></div>', 'href must not hold active content'],
    ['<div xmlns="http://x">a</div>', 'the namespace must be http://www.w3.org/1999/xhtml'],
    ['<div>a</div><div>b</div>', 'the text must be one <div>'],
    ['<p>a</p>', 'the text must be one <div>'],
    ['a', 'the text must be inside one <div>'],
    ['<div>a</div>b', 'the text must be inside one <div>'],
    ['<div> <br/> </div>', 'there is nothing to read in it'],
    ['', 'there is nothing to read in it'],
    ['<div><b>a</div></b>', '</div> closes what is not open'],
    ['<div>a', '<div> is not closed'],
    ['<div>a & b</div>', 'the text holds a & that is not part of an entity'],
    ['<div class="a" class="b">a</div>', '<div> has class twice'],
    ['<div class=a>b</div>', 'not well-formed near "<div class=a>b</div>"'],
    ['<div><![CDATA[x]]></div>', 'not well-formed near "<![CDATA[x]]></div>"'],
    ['<!DOCTYPE x [<!ENTITY a "b">]><div>&a;</div>', 'not well-formed near "<!DOCTYPE x [<!ENTITY a \\"b\\">]>"'],
  ])('finds in %s: %s', (text, problem) => expect(xhtmlProblem(text)).toBe(problem));

  it('takes no longer than the text is long', () => {
    const start = performance.now();
    xhtmlProblem(`<div ${'a '.repeat(100_000)}`);
    xhtmlProblem(`<div>${'&'.repeat(100_000)}</div>`);
    xhtmlProblem(`<div>${'<b>'.repeat(100_000)}`);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
