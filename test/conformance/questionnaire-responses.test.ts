/** QuestionnaireResponses against their Questionnaires: https://hl7.org/fhir/R4/questionnaireresponse.html#notes */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenTerminology, openTerminology } from '../../src/fhir/terminology/open-terminology.ts';
import { createValidation } from '../../src/fhir/validation/validator.ts';

const { validateDeep } = createValidation({ profilesFolder: 'fhir-profiles' });
const core = 'http://hl7.org/fhir/StructureDefinition/';
const symptoms = 'http://example.org/symptomes';
const coding = (code: string) => ({ system: symptoms, code });
const option = (code: string, more = {}) => ({ valueCoding: coding(code), ...more });
const extension = (name: string, value: Readonly<Record<string, unknown>>) => ({ url: core + name, ...value });
const exclusive = { extension: [extension('questionnaire-optionExclusive', { valueBoolean: true })] };

/** Dépistage de la tuberculose. */
const form = {
  resourceType: 'Questionnaire',
  url: 'http://example.org/Questionnaire/depistage',
  version: '1',
  status: 'active',
  contained: [
    {
      resourceType: 'ValueSet',
      id: 'sexes',
      status: 'active',
      compose: { include: [{ system: 'http://hl7.org/fhir/administrative-gender', concept: [{ code: 'female' }] }] },
    },
  ],
  item: [
    { linkId: 'intro', type: 'display', text: 'Bonjour' },
    {
      linkId: 'patient',
      type: 'group',
      required: true,
      item: [
        { linkId: 'nom', type: 'string', required: true, maxLength: 5 },
        { linkId: 'sexe', type: 'choice', answerValueSet: '#sexes' },
        { linkId: 'langues', type: 'choice', answerValueSet: 'http://hl7.org/fhir/ValueSet/administrative-gender' },
      ],
    },
    {
      linkId: 'toux',
      type: 'boolean',
      required: true,
      item: [
        {
          linkId: 'duree',
          type: 'integer',
          required: true,
          enableWhen: [{ question: 'toux', operator: '=', answerBoolean: true }],
          extension: [extension('minValue', { valueInteger: 0 }), extension('maxValue', { valueInteger: 365 })],
        },
      ],
    },
    {
      linkId: 'symptomes',
      type: 'choice',
      repeats: true,
      answerOption: [option('fievre'), option('sueurs'), option('aucun', exclusive)],
    },
    { linkId: 'autre', type: 'open-choice', answerOption: [option('fatigue')] },
    {
      linkId: 'contact',
      type: 'group',
      repeats: true,
      item: [{ linkId: 'age', type: 'decimal', extension: [extension('maxDecimalPlaces', { valueInteger: 1 })] }],
    },
    {
      linkId: 'courriel',
      type: 'string',
      repeats: true,
      extension: [
        extension('regex', { valueString: '[^@]+@[^@]+' }),
        extension('minLength', { valueInteger: 5 }),
        extension('questionnaire-maxOccurs', { valueInteger: 2 }),
      ],
    },
    {
      linkId: 'cliche',
      type: 'attachment',
      extension: [extension('mimeType', { valueCode: 'image/png' }), extension('maxSize', { valueDecimal: 4 })],
    },
    {
      linkId: 'medecin',
      type: 'reference',
      extension: [extension('questionnaire-referenceResource', { valueCode: 'Practitioner' })],
    },
    {
      linkId: 'poids',
      type: 'quantity',
      extension: [
        extension('questionnaire-unitOption', { valueCoding: { system: 'http://unitsofmeasure.org', code: 'kg' } }),
        extension('questionnaire-unitOption', { valueCoding: { system: 'http://unitsofmeasure.org', code: 'g' } }),
        {
          url: 'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-maxQuantity',
          valueQuantity: { system: 'http://unitsofmeasure.org', code: 'kg', value: 300 },
        },
      ],
    },
    {
      linkId: 'suivi',
      type: 'date',
      required: true,
      enableBehavior: 'any',
      enableWhen: [
        { question: 'symptomes', operator: '=', answerCoding: coding('fievre') },
        { question: 'duree', operator: '>', answerInteger: 14 },
      ],
    },
    {
      linkId: 'sans',
      type: 'string',
      enableWhen: [{ question: 'symptomes', operator: 'exists', answerBoolean: false }],
    },
  ],
};

let terminology: OpenTerminology;
beforeAll(async () => {
  terminology = await openTerminology({});
});
afterAll(() => terminology.close());

type Item = Readonly<Record<string, unknown>>;
const answer = (linkId: string, ...values: readonly Item[]): Item => ({ linkId, answer: values });
const identity = { linkId: 'patient', item: [answer('nom', { valueString: 'Awa' })] };
const noCough = answer('toux', { valueBoolean: false });
const cough = (days: number) => answer('toux', { valueBoolean: true, item: [answer('duree', { valueInteger: days })] });

/** The errors of a response to the form with these items: where, and the code. */
async function errorsOf(items: readonly Item[], more: Item = {}): Promise<readonly string[]> {
  const response = {
    resourceType: 'QuestionnaireResponse',
    questionnaire: `${form.url}|1`,
    status: 'completed',
    item: items,
    ...more,
  };
  const issues = await validateDeep(response, {
    terminology,
    thorough: true,
    questionnaireOf: async (canonical) => (canonical === `${form.url}|1` ? form : undefined),
  });
  return issues
    .filter(({ severity }) => severity === 'error')
    .map(({ code, expression }) => `${code} ${expression?.[0]?.replace('QuestionnaireResponse', '') || '.'}`);
}

describe('QuestionnaireResponse.item, as its Questionnaire has it', () => {
  it.each<readonly [claim: string, items: readonly Item[], errors: readonly string[]]>([
    ['takes what answers what is required', [identity, noCough], []],
    ['takes what a condition opens', [identity, cough(3)], []],
    ['wants every required item, at the place where it misses it', [noCough], ['required .']],
    ['wants what is required in a group', [{ linkId: 'patient' }, noCough], ['required .item[0]', 'required .item[0]']],
    ['wants an answer with a value', [identity, { linkId: 'toux' }], ['required .item[1]']],
    ['knows no other linkId', [identity, noCough, answer('poux', { valueString: 'x' })], ['structure .item[2]']],
    [
      'has items where the questionnaire has them',
      [identity, noCough, answer('nom', { valueString: 'Awa' })],
      ['structure .item[2]'],
    ],
    ['has items in the order of the questionnaire', [noCough, identity], ['structure .item[1]']],
    ['has a question once', [identity, noCough, noCough], ['structure .item[2]']],
    ['may repeat a group that repeats', [identity, noCough, { linkId: 'contact' }, { linkId: 'contact' }], []],
    ['may not repeat another group', [identity, identity, noCough], ['structure .item[1]']],
    [
      'has no answers on a group',
      [{ ...identity, answer: [{ valueString: 'x' }] }, noCough],
      ['invariant .item[0]', 'structure .item[0]'],
    ],
    ['has no answers on a text', [answer('intro', { valueString: 'x' }), identity, noCough], ['structure .item[0]']],
    [
      'has the questions of a question in its answers',
      [identity, { ...answer('toux', { valueBoolean: false }), item: [answer('duree', { valueInteger: 3 })] }],
      ['invariant .item[1]', 'structure .item[1]'],
    ],
  ])('%s', async (_, items, errors) => {
    expect(await errorsOf(items)).toEqual(errors);
  });
});

describe('QuestionnaireResponse.item.answer', () => {
  it.each<readonly [claim: string, item: Item, errors: readonly string[]]>([
    ['is one, unless the question repeats', answer('nom', { valueString: 'A' }, { valueString: 'B' }), ['structure ']],
    ['is of the question’s type', answer('nom', { valueInteger: 1 }), ['structure .answer[0].value']],
    ['has at most maxLength characters', answer('nom', { valueString: 'Aminata' }), ['value .answer[0].value']],
    [
      'is in the value set',
      answer('langues', { valueCoding: { system: 'http://hl7.org/fhir/publication-status', code: 'active' } }),
      ['code-invalid .answer[0].value'],
    ],
    [
      'may be in a contained value set',
      answer('sexe', { valueCoding: { system: 'http://hl7.org/fhir/administrative-gender', code: 'female' } }),
      [],
    ],
    [
      'is in the contained value set',
      answer('sexe', { valueCoding: { system: 'http://hl7.org/fhir/administrative-gender', code: 'male' } }),
      ['code-invalid .answer[0].value'],
    ],
    [
      'is one of the options',
      answer('symptomes', { valueCoding: coding('grippe') }),
      ['code-invalid .answer[0].value'],
    ],
    [
      'may be several options',
      answer(
        'symptomes',
        { valueCoding: coding('sueurs') },
        { valueCoding: { ...coding('sueurs'), display: 'Sueurs' } },
      ),
      [],
    ],
    [
      'is alone where the option is exclusive',
      answer('symptomes', { valueCoding: coding('sueurs') }, { valueCoding: coding('aucun') }),
      ['business-rule .answer[1].value'],
    ],
    ['may be text of an open choice', answer('autre', { valueString: 'vertiges' }), []],
    [
      'is an option of an open choice otherwise',
      answer('autre', { valueCoding: coding('vertiges') }),
      ['code-invalid .answer[0].value'],
    ],
    ['matches the expression', answer('courriel', { valueString: 'awa.example' }), ['value .answer[0].value']],
    ['has at least minLength characters', answer('courriel', { valueString: 'a@b' }), ['value .answer[0].value']],
    [
      'is there at most maxOccurs times',
      answer('courriel', ...[1, 2, 3].map((at) => ({ valueString: `awa@${at}.example` }))),
      ['structure '],
    ],
    [
      'is of the media types',
      answer('cliche', { valueAttachment: { contentType: 'image/jpeg' } }),
      ['value .answer[0].value'],
    ],
    [
      'is no larger than maxSize',
      answer('cliche', { valueAttachment: { contentType: 'image/png', data: 'AAAAAAAA' } }),
      ['value .answer[0].value'],
    ],
    [
      'refers to the resources asked for',
      answer('medecin', { valueReference: { reference: 'Patient/1' } }),
      ['value .answer[0].value'],
    ],
    [
      'may be in any unit offered',
      answer('poids', { valueQuantity: { system: 'http://unitsofmeasure.org', code: 'g', value: 64_000 } }),
      [],
    ],
    [
      'is in a unit that is offered',
      answer('poids', { valueQuantity: { system: 'http://unitsofmeasure.org', code: '[lb_av]', value: 90 } }),
      ['value .answer[0].value'],
    ],
    [
      'is compared in other units',
      answer('poids', { valueQuantity: { system: 'http://unitsofmeasure.org', code: 'g', value: 400_000 } }),
      ['value .answer[0].value'],
    ],
  ])('%s', async (_, item, errors) => {
    const own = ['nom', 'sexe', 'langues'].includes(String(item['linkId']));
    const group = own ? { ...identity, item: item['linkId'] === 'nom' ? [item] : [...identity.item, item] } : identity;
    const place = own ? `.item[0].item[${item['linkId'] === 'nom' ? 0 : 1}]` : '.item[2]';
    const items = own ? [group, noCough] : [group, noCough, item];
    expect(await errorsOf(items)).toEqual(errors.map((one) => one.replace(' ', ` ${place}`)));
  });

  it('is within minValue and maxValue', async () => {
    const place = '.item[1].answer[0].item[0].answer[0].value';
    expect(await errorsOf([identity, cough(-1)])).toEqual([`value ${place}`]);
    expect(await errorsOf([identity, cough(366), answer('suivi', { valueDate: '2026-11-23' })])).toEqual([
      `value ${place}`,
    ]);
  });

  it('has at most maxDecimalPlaces digits', async () => {
    const contact = (age: number) => ({ linkId: 'contact', item: [answer('age', { valueDecimal: age })] });
    expect(await errorsOf([identity, noCough, contact(4.5), contact(4.25)])).toEqual([
      'value .item[3].item[0].answer[0].value',
    ]);
  });
});

describe('Questionnaire.item.enableWhen', () => {
  const fever = answer('symptomes', { valueCoding: { ...coding('fievre'), display: 'Fièvre' } });
  const visit = answer('suivi', { valueDate: '2026-11-23' });
  const without = answer('sans', { valueString: 'x' });
  it.each<readonly [claim: string, items: readonly Item[], errors: readonly string[]]>([
    ['closes an item without its condition', [identity, noCough, visit], ['business-rule .item[2]']],
    ['opens it by one of several conditions (enableBehavior any)', [identity, noCough, fever, visit], []],
    ['requires an item only when it is open', [identity, noCough, fever], ['required .']],
    ['looks for the deciding question within others', [identity, cough(30), visit], []],
    [
      'closes what is nested, too',
      [identity, answer('toux', { valueBoolean: false, item: [answer('duree', { valueInteger: 3 })] })],
      ['business-rule .item[1].answer[0].item[0]'],
    ],
    ['knows whether there is an answer at all (exists)', [identity, noCough, without], []],
    [
      'knows that there is one',
      [identity, noCough, answer('symptomes', { valueCoding: coding('sueurs') }), without],
      ['business-rule .item[3]'],
    ],
  ])('%s', async (_, items, errors) => {
    expect(await errorsOf(items)).toEqual(errors);
  });
});

describe('QuestionnaireResponse.status', () => {
  it.each(['in-progress', 'stopped', 'entered-in-error'])('%s lets what is required be missing', async (status) => {
    expect(await errorsOf([noCough], { status })).toEqual([]);
    expect(await errorsOf([answer('toux', { valueString: 'oui' })], { status })).toEqual([
      'structure .item[0].answer[0].value',
    ]);
  });

  it.each(['completed', 'amended'])('%s does not', async (status) => {
    expect(await errorsOf([noCough], { status })).toEqual(['required .']);
  });
});

describe('QuestionnaireResponse.questionnaire', () => {
  it('may be contained', async () => {
    const { contained: _, ...own } = form;
    const contained = [{ ...own, id: 'f' }];
    expect(await errorsOf([noCough], { questionnaire: '#f', contained })).toEqual(['required .']);
  });

  it('that is not known, or not named, is no error', async () => {
    expect(
      await errorsOf([answer('x', { valueString: 'x' })], { questionnaire: 'http://example.org/nowhere' }),
    ).toEqual([]);
    expect(await errorsOf([answer('x', { valueString: 'x' })], { questionnaire: undefined })).toEqual([]);
  });

  it('counts for the entries of a Bundle', async () => {
    const response = {
      resourceType: 'QuestionnaireResponse',
      questionnaire: form.url,
      status: 'completed',
      item: [noCough],
    };
    const bundle = {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [{ fullUrl: 'http://a.example/QuestionnaireResponse/1', resource: response }],
    };
    const issues = await validateDeep(bundle, { thorough: true, questionnaireOf: async () => form });
    expect(issues.filter(({ severity }) => severity === 'error').map(({ expression }) => expression?.[0])).toEqual([
      'Bundle.entry[0].resource',
    ]);
  });
});

describe('Questionnaire.item.enableWhen of the Questionnaire itself', () => {
  it.each([
    ['asks about a question of the form', 'nowhere'],
    ['does not ask about what only the item would open', 'inner'],
  ])('%s', async (_, question) => {
    const item = [
      {
        linkId: 'g',
        type: 'group',
        enableWhen: [{ question, operator: 'exists', answerBoolean: true }],
        item: [{ linkId: 'inner', type: 'string' }],
      },
    ];
    const issues = await validateDeep({ resourceType: 'Questionnaire', status: 'active', item }, { thorough: true });
    expect(issues.filter(({ severity }) => severity === 'error').map(({ expression }) => expression?.[0])).toEqual([
      'Questionnaire.item[0].enableWhen[0].question',
    ]);
  });

  it('has enableBehavior for more than one condition (que-12)', async () => {
    const when = { question: 'a', operator: 'exists', answerBoolean: true };
    const item = [
      { linkId: 'a', type: 'string' },
      { linkId: 'b', type: 'string', enableWhen: [when, when] },
    ];
    const issues = await validateDeep({ resourceType: 'Questionnaire', status: 'active', item });
    expect(issues.map(({ diagnostics }) => diagnostics.slice(0, 6))).toEqual(['que-12']);
  });
});
