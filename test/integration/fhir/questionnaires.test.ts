/** Responses whose Questionnaire is stored: https://hl7.org/fhir/R4/questionnaireresponse.html#notes */
import type { OperationOutcome } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { withServer } from '../../support/server.ts';

const server = withServer({ answers: 'error' });
const url = 'http://example.org/Questionnaire/toux';

const form = (version: string, type: string) => ({
  resourceType: 'Questionnaire',
  id: `toux-${version}`,
  url,
  version,
  status: 'active',
  item: [{ linkId: 'toux', type, required: true }],
});

const response = (value: object, questionnaire: string, more: object = {}) => ({
  resourceType: 'QuestionnaireResponse',
  status: 'completed',
  questionnaire,
  item: [{ linkId: 'toux', answer: [value] }],
  ...more,
});

async function post(body: object): Promise<{ readonly status: number; readonly places: readonly string[] }> {
  const answer = await server.request('POST', '/QuestionnaireResponse', { body });
  const issues = answer.status < 400 ? [] : (answer.as<OperationOutcome>().issue ?? []);
  return { status: answer.status, places: issues.flatMap(({ expression = [] }) => expression) };
}

beforeAll(async () => {
  for (const one of [form('1', 'boolean'), form('2', 'string')])
    await server.request('PUT', `/Questionnaire/${one.id}`, { body: one });
});

describe('a QuestionnaireResponse that is written where answers are held to their forms', () => {
  it('has to fit the version that it names', async () => {
    expect((await post(response({ valueBoolean: true }, `${url}|1`))).status).toBe(201);
    expect(await post(response({ valueString: 'oui' }, `${url}|1`))).toEqual({
      status: 422,
      places: ['QuestionnaireResponse.item[0].answer[0].value'],
    });
  });

  it('has to fit the one that was written last, when it names no version', async () => {
    expect((await post(response({ valueString: 'oui' }, url))).status).toBe(201);
    expect((await post(response({ valueBoolean: true }, url))).status).toBe(422);
  });

  it('may name it by its address', async () => {
    expect((await post(response({ valueString: 'oui' }, 'Questionnaire/toux-1'))).status).toBe(422);
  });

  it('is taken when nobody knows the questionnaire, which $validate remarks', async () => {
    const unknown = response({ valueString: 'oui' }, `${url}|9`);
    expect((await post(unknown)).status).toBe(201);
    const answer = await server.request('POST', '/QuestionnaireResponse/$validate', { body: unknown });
    const found = answer.as<OperationOutcome>().issue.find(({ code }) => code === 'not-found');
    expect(found).toMatchObject({ severity: 'warning', expression: ['QuestionnaireResponse.questionnaire'] });
  });

  it('may lack what is required until it is completed', async () => {
    const unfinished = { item: undefined, status: 'in-progress' };
    expect((await post(response({}, `${url}|1`, unfinished))).status).toBe(201);
    expect((await post(response({}, `${url}|1`, { item: undefined }))).status).toBe(422);
  });

  it('is told the same by $validate', async () => {
    const body = response({ valueString: 'oui' }, `${url}|1`);
    const answer = await server.request('POST', '/QuestionnaireResponse/$validate', { body });
    const errors = answer.as<OperationOutcome>().issue.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ expression }) => expression?.[0])).toEqual(['QuestionnaireResponse.item[0].answer[0].value']);
  });
});
