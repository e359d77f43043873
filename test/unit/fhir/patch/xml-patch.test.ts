// https://www.rfc-editor.org/rfc/rfc5261, https://hl7.org/fhir/R4/http.html#patch
import { describe, expect, it } from 'vitest';
import { parseXmlPatch } from '../../../../src/fhir/patch/xml-operations.ts';
import { applyXmlPatch } from '../../../../src/fhir/patch/xml-patch.ts';
import { FhirError } from '../../../../src/shared/errors.ts';

const diff = (operations: string, more = '') =>
  `<diff xmlns:f="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml"${more}>${operations}</diff>`;

async function patchText(text: string, operations: string, more?: string): Promise<string> {
  const { resourceType } = JSON.parse(text) as { resourceType: string };
  return applyXmlPatch(text, resourceType, parseXmlPatch(diff(operations, more)));
}

async function patch(resource: object, operations: string, more?: string): Promise<unknown> {
  return JSON.parse(await patchText(JSON.stringify(resource), operations, more));
}

async function failure(run: () => Promise<unknown>): Promise<FhirError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof FhirError) return error;
    throw error;
  }
  throw new Error('It did not fail.');
}

const patient = (more: object = {}) => ({ resourceType: 'Patient', ...more });
const fhir = ' xmlns="http://hl7.org/fhir"';
const named = patient({ active: true, name: [{ family: 'Koné', given: ['Awa', 'Marie'] }, { use: 'nickname' }] });
const div = (inside: string) => `<div xmlns="http://www.w3.org/1999/xhtml">${inside}</div>`;

describe('XML Patch: add (4.3)', () => {
  it.each([
    ['an element behind all others', `<add sel="f:Patient"><f:birthDate value="1980"/></add>`, { birthDate: '1980' }],
    [
      'an element wherever R4 has it, as the order of elements means nothing',
      `<add sel="f:Patient"><f:id value="p"/></add>`,
      { id: 'p' },
    ],
    [
      'an item behind those that are there',
      `<add sel="f:Patient/f:name[1]"><f:given value="Rose"/></add>`,
      { name: [{ family: 'Koné', given: ['Awa', 'Marie', 'Rose'] }, { use: 'nickname' }] },
    ],
    [
      'an item in front of all others (pos=prepend)',
      `<add sel="f:Patient/f:name[1]" pos="prepend"><f:given value="Rose"/></add>`,
      { name: [{ family: 'Koné', given: ['Rose', 'Awa', 'Marie'] }, { use: 'nickname' }] },
    ],
    [
      'an item before another one (pos=before)',
      `<add sel="f:Patient/f:name[1]/f:given[2]" pos="before"><f:given value="Rose"/></add>`,
      { name: [{ family: 'Koné', given: ['Awa', 'Rose', 'Marie'] }, { use: 'nickname' }] },
    ],
    [
      'several items after another one (pos=after)',
      `<add sel="f:Patient/f:name[1]/f:given[1]" pos="after"><f:given value="R"/><f:given value="S"/></add>`,
      { name: [{ family: 'Koné', given: ['Awa', 'R', 'S', 'Marie'] }, { use: 'nickname' }] },
    ],
    [
      'an attribute (type=@name)',
      `<add sel="f:Patient/f:name[2]" type="@id">n2</add>`,
      {
        name: [
          { family: 'Koné', given: ['Awa', 'Marie'] },
          { id: 'n2', use: 'nickname' },
        ],
      },
    ],
    [
      'an extension to a primitive',
      `<add sel="f:Patient/f:active"><f:extension url="http://example.org/e"><f:valueUri value="urn:x"/></f:extension></add>`,
      { _active: { extension: [{ url: 'http://example.org/e', valueUri: 'urn:x' }] } },
    ],
    [
      'a namespace declaration, which means nothing in a resource',
      `<add sel="f:Patient" type="namespace::q">urn:q</add>`,
      {},
    ],
  ])('adds %s', async (_, operations, after) => {
    expect(await patch(named, operations)).toEqual({ ...named, ...after });
  });

  it('adds to the text of a narrative', async () => {
    const before = patient({ text: { status: 'generated', div: div('Toux') } });
    const operations = `<add sel="f:Patient/f:text/h:div"> depuis <b xmlns="http://www.w3.org/1999/xhtml">mai</b></add>`;
    expect(await patch(before, operations)).toEqual(
      patient({ text: { status: 'generated', div: div('Toux depuis <b>mai</b>') } }),
    );
  });
});

describe('XML Patch: replace (4.4)', () => {
  it.each([
    ['an attribute', `<replace sel="f:Patient/f:active/@value">false</replace>`, { active: false }],
    [
      'an element by another one, white space around it aside',
      `<replace sel="f:Patient/f:name[f:use/@value='nickname']">\n <f:name><f:text value="x"/></f:name>\n</replace>`,
      { name: [{ family: 'Koné', given: ['Awa', 'Marie'] }, { text: 'x' }] },
    ],
    [
      'an element by one of another name: a choice of another type',
      `<replace sel="f:Patient/f:active"><f:deceasedBoolean value="true"/></replace>`,
      { active: undefined, deceasedBoolean: true },
    ],
    [
      'the whole',
      `<replace sel="/f:Patient"><f:Patient><f:active value="false"/></f:Patient></replace>`,
      { active: false, name: undefined },
    ],
  ])('replaces %s', async (_, operations, after) => {
    expect(await patch(named, operations)).toEqual(JSON.parse(JSON.stringify({ ...named, ...after })));
  });

  it('replaces text and comments of a narrative', async () => {
    const before = patient({ text: { status: 'generated', div: div('<!--a--><p>Toux</p>') } });
    const operations =
      `<replace sel="f:Patient/f:text/h:div/h:p/text()">Fièvre &amp; toux</replace>` +
      `<replace sel="f:Patient/f:text/h:div/comment()"><!--b--></replace>`;
    expect(await patch(before, operations)).toEqual(
      patient({ text: { status: 'generated', div: div('<!--b--><p>Fièvre &#38; toux</p>') } }),
    );
  });
});

describe('XML Patch: remove (4.5)', () => {
  it.each([
    ['an element', `<remove sel="f:Patient/f:active"/>`, { active: undefined }],
    [
      'an element with the white space around it',
      `<remove sel="f:Patient/f:active" ws="both"/>`,
      { active: undefined },
    ],
    [
      'an element that has nothing else than a value, by that',
      `<remove sel="f:Patient/f:active/@value"/>`,
      { active: undefined },
    ],
    [
      'the last child, and with it what is left empty',
      `<remove sel="*/f:name[2]/f:use" ws="before"/>`,
      { name: [{ family: 'Koné', given: ['Awa', 'Marie'] }] },
    ],
  ])('removes %s', async (_, operations, after) => {
    expect(await patch(named, operations)).toEqual(JSON.parse(JSON.stringify({ ...named, ...after })));
  });

  it('joins the texts on both sides', async () => {
    const before = patient({ text: { status: 'generated', div: div('a<b>x</b>c') } });
    const operations = `<remove sel="//h:b"/><replace sel="//h:div/text()">d</replace>`;
    expect(await patch(before, operations)).toEqual(patient({ text: { status: 'generated', div: div('d') } }));
  });
});

describe('XML Patch: what it does not touch', () => {
  const text =
    '{ "resourceType":"Observation", "status":"final",  "code" : {"text":"\\u00e9"}, "valueQuantity":{ "value": 1.10 },' +
    ' "text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\">a&nbsp;<p></p></div>"}}';

  it('keeps its text, digits, order and narrative', async () => {
    expect(await patchText(text, `<replace sel="f:Observation/f:status/@value">amended</replace>`)).toBe(
      '{"resourceType":"Observation","status":"amended","code":{"text":"\\u00e9"},"valueQuantity":{ "value": 1.10 },' +
        '"text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\">a&nbsp;<p></p></div>"}}',
    );
  });

  it('changes no byte without operations, or when they change nothing', async () => {
    expect(await patchText(text, '')).toBe(text);
    expect(await patchText(text, `<replace sel="f:Observation/f:status/@value">final</replace>`)).toBe(text);
  });

  it('can be applied again to another version', async () => {
    const operations = parseXmlPatch(diff(`<add sel="f:Patient/f:name[1]"><f:given value="Rose"/></add>`));
    const once = await applyXmlPatch(JSON.stringify(named), 'Patient', operations);
    const again = await applyXmlPatch(JSON.stringify(named), 'Patient', operations);
    expect(again).toBe(once);
  });
});

describe('XML Patch: selectors (4.1, 4.2)', () => {
  it.each([
    ['names without a prefix in the default namespace', `Patient/active/@value`, fhir],
    ['a path from the root', `/f:Patient/f:active/@value`, ''],
    ['any element', `*/*[1]/@value`, ''],
    ['prefixes of the operation itself', `q:Patient/q:active/@value`, ''],
    ['a value of an attribute', `f:Patient/f:active[@value='true']/@value`, ''],
    ['several conditions', `f:Patient/f:*[@value = "true" and not(@id) or false]/@value`.replace('f:*', '*'), ''],
    ['the last of them', `f:Patient/f:active[last()]/@value`, ''],
    ['any depth', `//f:active/@value`, ''],
  ])('find by %s', async (_, selector, more) => {
    const operation = `<replace xmlns:q="http://hl7.org/fhir" sel="${selector.replaceAll('"', '&quot;')}">false</replace>`;
    expect(await patch(patient({ active: true }), operation, more)).toEqual(patient({ active: false }));
  });

  it('find text by what it is', async () => {
    const before = patient({ text: { status: 'generated', div: div('<i>a</i><i>b</i>') } });
    const after = patient({ text: { status: 'generated', div: div('<i>a</i>') } });
    expect(await patch(before, `<remove sel="f:Patient/f:text/h:div/h:i[.='b']"/>`)).toEqual(after);
    expect(await patch(before, `<remove sel="f:Patient/f:text[h:div]/h:div[h:i='a']/h:i[2]"/>`)).toEqual(after);
  });

  it('look at so much and no more', async () => {
    const many = patient({ name: Array.from({ length: 600 }, (_, at) => ({ text: `n${at}` })) });
    const { kind, message } = await failure(() => patch(many, `<remove sel="//*[//*[//@value = //@value]]"/>`));
    expect([kind, message]).toEqual(['tooLarge', expect.stringContaining('look at too much')]);
  });
});

describe('XML Patch: errors by their names (5.1)', () => {
  it.each([
    ['unlocated-node', 422, `<remove sel="f:Patient/f:gender"/>`],
    ['unlocated-node', 422, `<remove sel="f:Patient/f:name"/>`],
    // Without a prefix and a default namespace a name is in none.
    ['unlocated-node', 422, `<remove sel="Patient/active"/>`],
    ['invalid-node-types', 422, `<replace sel="f:Patient/f:active">false</replace>`],
    ['invalid-node-types', 422, `<replace sel="f:Patient/f:active"><f:active/><f:active/></replace>`],
    ['invalid-node-types', 422, `<replace sel="f:Patient/f:active/@value"><f:x/></replace>`],
    ['invalid-node-types', 422, `<add sel="f:Patient/f:active/@value">x</add>`],
    ['invalid-root-element-operation', 422, `<remove sel="f:Patient"/>`],
    ['invalid-root-element-operation', 422, `<add sel="f:Patient" pos="after"><f:Patient/></add>`],
    [
      'invalid-whitespace-directive',
      422,
      `<remove ws="both" sel="f:Patient/f:active"/><remove ws="before" sel="f:Patient/f:name[1]"/>`,
    ],
    ['invalid-patch-directive', 422, `<add sel="f:Patient/f:active" type="@value">false</add>`],
    ['invalid-patch-directive', 422, `<add sel="f:Patient"/>`],
    ['invalid-patch-directive', 400, `<move sel="f:Patient/f:active"/>`],
    ['invalid-patch-directive', 400, `<remove sel="f:Patient/f:active" pos="before"/>`],
    ['invalid-attribute-value', 400, `<remove/>`],
    ['invalid-attribute-value', 400, `<remove sel="f:Patient/f:active[["/>`],
    ['invalid-attribute-value', 400, `<remove sel="f:Patient/../f:active"/>`],
    ['invalid-attribute-value', 400, `<remove sel="f:Patient/f:active" ws="all"/>`],
    ['invalid-attribute-value', 400, `<add sel="f:Patient" pos="first"><f:active value="true"/></add>`],
    ['invalid-attribute-value', 400, `<add sel="f:Patient" type="active">x</add>`],
    ['invalid-namespace-prefix', 400, `<remove sel="q:Patient/q:active"/>`],
    ['unsupported-id-function', 400, `<remove sel="id('a')"/>`],
    ['invalid-diff-format', 400, `<remove sel="f:Patient/f:active">x</remove>`],
    ['invalid-diff-format', 400, `<remove sel="f:Patient/f:active"></add>`],
    ['invalid-diff-format', 400, `text`],
  ])('%s (%i) for %s', async (name, status, operations) => {
    const error = await failure(() => patch(named, operations));
    expect([error.status, error.message]).toEqual([status, expect.stringContaining(`${name}: `)]);
  });

  it.each([
    ['an external entity', `<!DOCTYPE diff [<!ENTITY x SYSTEM "file:///etc/passwd">]><diff><remove sel="&x;"/></diff>`],
    [
      'entities that grow',
      `<!DOCTYPE diff [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><diff><remove sel="&b;"/></diff>`,
    ],
    ['an entity that nobody declares', `<diff><remove sel="&x;"/></diff>`],
    ['a processing instruction', `<diff><?php x?></diff>`],
    [
      'CDATA',
      `<diff xmlns:f="http://hl7.org/fhir"><replace sel="f:Patient/f:active/@value"><![CDATA[x]]></replace></diff>`,
    ],
    ['another root', '<Patient xmlns="http://hl7.org/fhir"/>'],
    ['nothing', ''],
    ['130 levels', `<diff>${'<a>'.repeat(130)}${'</a>'.repeat(130)}</diff>`],
  ])('refuses %s as invalid-diff-format', (_, text) => {
    expect(() => parseXmlPatch(text)).toThrow(/^invalid-diff-format: /);
  });

  it('takes 500 operations, and one million characters', () => {
    expect(() => parseXmlPatch(diff('<remove sel="*"/>'.repeat(501)))).toThrow(/500 are taken at once/);
    expect(() => parseXmlPatch(diff(' '.repeat(1_000_000)))).toThrow(/at most 1000000 characters/);
  });

  it.each([
    ['a second element where one may be', `<add sel="f:Patient"><f:active value="true"/></add>`, 'Patient'],
    [
      'an element that R4 does not have',
      `<add sel="f:Patient/f:name[1]"><f:colour value="x"/></add>`,
      'Patient.name[0]',
    ],
    ['an element of another namespace', `<add sel="f:Patient"><active value="true"/></add>`, 'Patient'],
    ['an element with nothing in it', `<add sel="f:Patient"><f:maritalStatus/></add>`, 'Patient.maritalStatus'],
    ['text between elements', `<add sel="f:Patient">text</add>`, 'Patient'],
    ['an attribute that R4 does not have', `<add sel="f:Patient/f:active" type="@colour">x</add>`, 'Patient.active'],
  ])('answers 422 to %s, with its place', async (_, operations, expression) => {
    const { status, issues } = await failure(() => patch(named, operations));
    expect([status, issues[0]?.expression]).toEqual([422, [expression]]);
  });
});
