// https://hl7.org/fhir/R4/xml.html: JSON as XML
import { describe, expect, it } from 'vitest';
import { toXml } from '../../../../src/fhir/xml/write.ts';

const head = '<?xml version="1.0" encoding="UTF-8"?>';
const xml = (json: string) => toXml(json).slice(head.length);
const ns = 'xmlns="http://hl7.org/fhir"';

describe('toXml', () => {
  it('writes elements in the order of the definitions, whatever the order of the JSON', () => {
    expect(xml('{"active":true,"gender":"male","id":"a","resourceType":"Patient"}')).toBe(
      `<Patient ${ns}><id value="a"/><active value="true"/><gender value="male"/></Patient>`,
    );
  });

  it('keeps the digits of decimals', () => {
    const json = '{"resourceType":"Observation","valueQuantity":{"value":1.10e-2}}';
    expect(xml(json)).toBe(`<Observation ${ns}><valueQuantity><value value="1.10e-2"/></valueQuantity></Observation>`);
  });

  it('joins the two sides of a primitive', () => {
    const json = `{"resourceType":"Patient","name":[{"given":["A",null],"_given":[null,{"id":"x",
      "extension":[{"url":"http://u","valueCode":"c"}]}]}],"_birthDate":{"extension":[{"url":"http://u","valueCode":"d"}]}}`;
    expect(xml(json)).toBe(
      `<Patient ${ns}><name><given value="A"/><given id="x"><extension url="http://u"><valueCode value="c"/></extension>` +
        '</given></name><birthDate><extension url="http://u"><valueCode value="d"/></extension></birthDate></Patient>',
    );
  });

  it('writes id as an attribute of elements and as an element of resources', () => {
    const json = '{"resourceType":"Patient","id":"p","contact":[{"id":"c","gender":"male"}]}';
    expect(xml(json)).toContain('<id value="p"/><contact id="c"><gender value="male"/></contact>');
  });

  it('writes contained resources and those of a Bundle inside their element', () => {
    const json = `{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Basic","contained":
      [{"resourceType":"Patient","id":"p"}],"code":{"text":"x"}}}]}`;
    expect(xml(json)).toBe(
      `<Bundle ${ns}><type value="batch"/><entry><resource><Basic><contained><Patient><id value="p"/></Patient>` +
        '</contained><code><text value="x"/></code></Basic></resource></entry></Bundle>',
    );
  });

  it('knows that resourceType is also an element of ExampleScenario.instance', () => {
    const json = '{"resourceType":"ExampleScenario","instance":[{"resourceId":"a","resourceType":"Patient"}]}';
    expect(xml(json)).toContain('<resourceId value="a"/><resourceType value="Patient"/>');
  });

  it('escapes what an attribute may not hold, line ends too', () => {
    const json = JSON.stringify({ resourceType: 'Basic', code: { text: '<a> & "b"\r\n\tc \u{1f600}' } });
    expect(xml(json)).toContain('value="&#60;a&#62; &#38; &#34;b&#34;&#13;&#10;&#9;c \u{1f600}"');
  });

  it('puts a narrative into the document as it is, its named characters as numbers', () => {
    const div = '<div xmlns="http://www.w3.org/1999/xhtml">a<br/>&nbsp;&amp;<!-- x --><!-- -- --></div>';
    const json = JSON.stringify({ resourceType: 'Basic', text: { status: 'generated', div } });
    expect(xml(json)).toContain(
      '<status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">a<br/>&#160;&amp;<!-- x --></div>',
    );
  });

  it('gives a narrative its namespace when it has none', () => {
    const json = JSON.stringify({ resourceType: 'Basic', text: { div: '<div>a</div>' } });
    expect(xml(json)).toContain('<div xmlns="http://www.w3.org/1999/xhtml">a</div>');
  });

  it.each([
    ['an element that R4 does not have', '{"resourceType":"Patient","colour":"red"}', 'Patient.colour'],
    ['a resource type that R4 does not have', '{"resourceType":"Pet"}', '"Pet"'],
    ['a control character', '{"resourceType":"Basic","code":{"text":"a\\u0001"}}', 'U+0001'],
    ['extensions of an attribute', '{"resourceType":"Basic","code":{"_id":{"id":"a"}}}', 'extensions of code.id'],
  ])('refuses %s', (_what, json, said) => expect(() => toXml(json)).toThrow(said));

  it('indents when asked, except for narratives', () => {
    const div = '<div xmlns="http://www.w3.org/1999/xhtml"><p>a</p></div>';
    const json = JSON.stringify({ resourceType: 'Basic', text: { status: 'empty', div } });
    expect(toXml(json, { pretty: true })).toBe(
      `${head}\n<Basic ${ns}>\n  <text>\n    <status value="empty"/>\n    ${div}\n  </text>\n</Basic>\n`,
    );
  });
});
