// https://hl7.org/fhir/R4/xml.html: XML as JSON, and what is refused
import { describe, expect, it } from 'vitest';
import { fromXml } from '../../../../src/fhir/xml/read.ts';
import type { FhirError } from '../../../../src/shared/errors.ts';

const ns = 'xmlns="http://hl7.org/fhir"';
const patient = (inside: string) => `<Patient ${ns}>${inside}</Patient>`;
const xhtml = 'http://www.w3.org/1999/xhtml';

describe('fromXml', () => {
  it.each([
    ['an element', patient('<active value="true"/>'), '{"resourceType":"Patient","active":true}'],
    [
      'a list of one',
      patient('<name><family value="A"/></name>'),
      '{"resourceType":"Patient","name":[{"family":"A"}]}',
    ],
    [
      'the digits of a decimal',
      `<Basic ${ns}><extension url="u"><valueDecimal value="1.10"/></extension></Basic>`,
      '{"resourceType":"Basic","extension":[{"url":"u","valueDecimal":1.10}]}',
    ],
    [
      'a plus sign',
      patient('<multipleBirthInteger value="+3"/>'),
      '{"resourceType":"Patient","multipleBirthInteger":3}',
    ],
    [
      'what is no number, for validation to refuse',
      patient('<multipleBirthInteger value="0x3"/>'),
      '{"resourceType":"Patient","multipleBirthInteger":"0x3"}',
    ],
    [
      'an extension of a primitive',
      patient('<birthDate id="b"><extension url="u"><valueCode value="c"/></extension></birthDate>'),
      '{"resourceType":"Patient","_birthDate":{"id":"b","extension":[{"url":"u","valueCode":"c"}]}}',
    ],
    [
      'two sides of a list of primitives',
      patient('<name><given value="A"/><given id="x" value="B"/></name>'),
      '{"resourceType":"Patient","name":[{"given":["A","B"],"_given":[null,{"id":"x"}]}]}',
    ],
    [
      'contained resources',
      patient(
        '<contained><Basic><id value="b"/></Basic></contained><contained><Basic><id value="c"/></Basic></contained>',
      ),
      '{"resourceType":"Patient","contained":[{"resourceType":"Basic","id":"b"},{"resourceType":"Basic","id":"c"}]}',
    ],
    [
      'line ends and quotes',
      patient('<language value="a&#10;&quot;b&quot; c"/>'),
      '{"resourceType":"Patient","language":"a\\n\\"b\\" c"}',
    ],
    [
      'prefixes',
      '<f:Patient xmlns:f="http://hl7.org/fhir"><f:active value="true"/></f:Patient>',
      '{"resourceType":"Patient","active":true}',
    ],
    [
      'declarations, comments, white space and schema locations',
      `\ufeff<?xml version="1.0" encoding="UTF-8"?><!-- a -->\n<Patient ${ns} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
        xsi:schemaLocation="http://hl7.org/fhir a.xsd">\n <!-- b -->\t<active value="false"/>\r\n</Patient>\n<!-- c -->`,
      '{"resourceType":"Patient","active":false}',
    ],
  ])('reads %s', async (_what, xml, json) => expect(await fromXml(xml)).toBe(json));

  it.each([
    ['as it is', `<div xmlns="${xhtml}"><p class='a'>x &amp; &#xE9;<br /></p></div>`, undefined],
    ['that is one tag', `<div xmlns="${xhtml}"/>`, undefined],
    ['with a prefix', `<h:div xmlns:h="${xhtml}"><h:p>x</h:p></h:div>`, `<div xmlns="${xhtml}"><p>x</p></div>`],
  ])('keeps a narrative %s', async (_what, source, kept) => {
    const xml = patient(`<text><status value="generated"/>${source}</text><active value="true"/>`);
    const read = JSON.parse(await fromXml(xml)) as { text: { div: string } };
    expect(read).toEqual({ resourceType: 'Patient', text: { status: 'generated', div: kept ?? source }, active: true });
  });

  it('finds narratives again in documents of many turns', async () => {
    const div = `<div xmlns="${xhtml}">${'é\u{1f600}\r\n'.repeat(60_000)}</div>`;
    const xml = `<Bundle ${ns}><type value="collection"/>${`<entry><resource><Basic><text>${div}</text></Basic></resource></entry>`.repeat(4)}</Bundle>`;
    const { entry } = JSON.parse(await fromXml(xml)) as { entry: { resource: { text: { div: string } } }[] };
    expect(entry.map(({ resource }) => resource.text.div === div)).toEqual([true, true, true, true]);
  });

  const laughs = `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>${patient('<language value="&b;"/>')}`;
  it.each([
    ['a billion laughs', laughs, 'a document type declaration'],
    [
      'an external entity',
      `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>${patient('<active value="&a;"/>')}`,
      'a document type',
    ],
    ['an entity that nobody declared', patient('<language value="&nbsp;"/>'), 'entity'],
    [
      'a processing instruction',
      `<?xml-stylesheet href="http://x"?>${patient('<active value="true"/>')}`,
      'a processing instruction',
    ],
    ['another one inside', patient('<?php echo 1 ?><active value="true"/>'), 'a processing instruction'],
    [
      'another encoding',
      `<?xml version="1.0" encoding="latin1"?>${patient('<active value="true"/>')}`,
      'the encoding latin1',
    ],
    ['XML 1.1', `<?xml version="1.1"?>${patient('<active value="true"/>')}`, 'XML 1.1'],
    ['a CDATA section', patient('<![CDATA[<active value="true"/>]]>'), 'CDATA'],
    ['no namespace', '<Patient><active value="true"/></Patient>', 'no namespace'],
    ['a wrong namespace', '<Patient xmlns="urn:hl7-org:v3"><active value="true"/></Patient>', 'urn:hl7-org:v3'],
    [
      'a narrative in no namespace of its own',
      patient('<text><div>x</div></text>'),
      'the namespace http://hl7.org/fhir',
    ],
    ['an unknown type', `<Pet ${ns}/>`, 'no resource type'],
    ['an unknown element', patient('<colour value="red"/>'), '<colour>, which Patient does not have'],
    ['an unknown attribute', patient('<active colour="red" value="true"/>'), 'the attribute colour'],
    ['an attribute of a resource', `<Patient ${ns} id="x"><active value="true"/></Patient>`, 'the attribute id'],
    ['an id as an element', patient('<contact><id value="x"/></contact>'), '<id>, which Patient.contact does not have'],
    ['an attribute twice', patient('<active value="true" value="false"/>'), 'duplicate'],
    ['an element twice', patient('<active value="true"/><active value="false"/>'), '<active> again'],
    [
      'two of a choice',
      patient('<deceasedBoolean value="true"/><deceasedDateTime value="2020"/>'),
      'beside <deceasedBoolean>',
    ],
    ['a wrong order', patient('<gender value="male"/><active value="true"/>'), '<active> after <gender>'],
    ['text', patient('<active value="true"/>x'), 'the text "x"'],
    ['text of a primitive', patient('<active>true</active>'), 'the text "true"'],
    ['an empty element', patient('<name/>'), '<name> with nothing in it'],
    [
      'two resources in one place',
      patient('<contained><Basic><id value="a"/></Basic><Basic><id value="b"/></Basic></contained>'),
      'beside another',
    ],
    ['what does not end', `<Patient ${ns}>`, 'unclosed'],
    ['two roots', patient('<active value="true"/>') + patient('<active value="true"/>'), 'root'],
    ['nothing', '', 'document must contain a root element'],
    ['JSON', '{"resourceType":"Patient"}', 'Malformed XML'],
    ['a control character', patient('<language value="\u0001"/>'), 'disallowed character'],
    ['a number for a control character', patient('<language value="&#1;"/>'), 'entity'],
  ])('refuses %s', async (_what, xml, said) => {
    await expect(fromXml(xml)).rejects.toMatchObject({ kind: 'invalid', message: expect.stringContaining(said) });
  });

  it('refuses any depth and any number of attributes', async () => {
    const deep = `${'<extension url="u">'.repeat(10_000)}${'</extension>'.repeat(10_000)}`;
    await expect(fromXml(patient(deep))).rejects.toThrow('levels of nesting');
    const div = `<div xmlns="${xhtml}">${'<b>'.repeat(10_000)}`;
    await expect(fromXml(patient(`<text>${div}`))).rejects.toThrow('levels of nesting');
    const many = Array.from({ length: 100_000 }, (_, at) => `a${at}="x"`).join(' ');
    await expect(fromXml(patient(`<active ${many}/>`))).rejects.toThrow('attributes');
  });

  it('says where, as line and column and as FHIRPath', async () => {
    const xml = patient('\n<name><family value="A"/></name>\n<name><family value="B"/><colour/></name>');
    const error = await fromXml(xml).catch((thrown: FhirError) => thrown);
    expect((error as FhirError).issues).toEqual([
      {
        severity: 'fatal',
        code: 'structure',
        diagnostics: expect.stringMatching(/<colour>, which HumanName does not have, at line 3, column 34/),
        expression: ['Patient.name[1]'],
      },
    ]);
  });
});
