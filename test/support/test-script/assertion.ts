/**
 * One assertion of a TestScript.
 * https://hl7.org/fhir/R4/testscript-definitions.html#TestScript.setup.action.assert
 */
import { lastOf, messageOf, type Run } from './engine.ts';
import { type Message, mediaTypeOf, resourceIn } from './message.ts';
import { missingResource } from './minimum.ts';
import { isUnary, operators } from './operators.ts';
import { type Assertion, type Subject, subjectOf } from './script.ts';
import { byExpression, byPath, first, single } from './values.ts';
import { substitute } from './variables.ts';

export interface Verdict {
  readonly holds: boolean;
  /** What was found and wanted. */
  readonly message: string;
}

/** An assertion whose texts have their variables replaced, about one message. */
interface Asked {
  readonly run: Run;
  readonly about: Message;
  readonly assertion: Assertion;
}

/** http://hl7.org/fhir/ValueSet/assert-response-code-types */
const responses: Readonly<Record<string, number>> = {
  okay: 200,
  created: 201,
  noContent: 204,
  notModified: 304,
  bad: 400,
  forbidden: 403,
  notFound: 404,
  methodNotAllowed: 405,
  conflict: 409,
  gone: 410,
  preconditionFailed: 412,
  unprocessable: 422,
};

const mediaTypes: Readonly<Record<string, readonly string[]>> = {
  json: ['application/fhir+json', 'application/json'],
  xml: ['application/fhir+xml', 'application/xml', 'text/xml'],
  ttl: ['text/turtle', 'application/fhir+turtle'],
};

const checks: Readonly<Record<Subject, (asked: Asked) => Promise<Verdict> | Verdict>> = {
  contentType: ({ about, assertion }) => {
    const found = mediaTypeOf(about.headers['content-type']);
    const wanted = assertion.contentType ?? '';
    const short = Object.keys(mediaTypes).find((code) => mediaTypes[code]?.includes(found)) ?? found;
    return compared(Object.hasOwn(mediaTypes, wanted) ? short : found, mediaTypeOf(wanted), assertion);
  },
  expression: byFhirPath,
  headerField: (asked) => againstValue(asked, asked.about.headers[asked.assertion.headerField?.toLowerCase() ?? '']),
  minimumId: async ({ run, about, assertion }) => {
    const minimum = await resourceIn(messageOf(run, assertion.minimumId ?? ''));
    const whole = await resourceIn(about);
    if (!minimum) throw new Error(`${assertion.minimumId} is no resource.`);
    const place = whole ? missingResource(minimum, whole) : 'any resource';
    return { holds: place === undefined, message: place === undefined ? 'all is there' : `not there: ${place}` };
  },
  navigationLinks,
  path: async (asked) => {
    const { about, assertion } = asked;
    if (about.text === '') return nothing;
    return againstValue(asked, first(await byPath(assertion.path ?? assertion.compareToSourcePath ?? '', about)));
  },
  requestMethod: ({ run, assertion }) =>
    compared(lastOf(run, 'request').method?.toLowerCase(), assertion.requestMethod ?? '', assertion),
  requestURL: ({ run, assertion }) => compared(lastOf(run, 'request').url, assertion.requestURL ?? '', assertion),
  resource: async ({ about, assertion }) => {
    const resource = await resourceIn(about);
    return compared(resource && String(resource['resourceType']), assertion.resource ?? '', assertion);
  },
  response: ({ about, assertion }) => {
    const wanted = (assertion.response ?? '').split(',').map((code) => responses[code.trim()]);
    if (wanted.includes(undefined)) throw new Error(`This engine does not know the response ${assertion.response}.`);
    return compared(`${about.status}`, wanted.join(','), assertion);
  },
  responseCode: ({ about, assertion }) => compared(`${about.status}`, assertion.responseCode ?? '', assertion),
  validateProfileId: async ({ run, about, assertion }) => {
    const profile = run.script.profile?.find(({ id }) => id === assertion.validateProfileId)?.reference;
    if (profile === undefined) throw new Error(`There is no profile ${assertion.validateProfileId}.`);
    const resource = await resourceIn(about);
    if (!resource) return nothing;
    const problems = await run.engine.checkProfile(JSON.stringify(resource), profile);
    return { holds: problems.length === 0, message: problems.length === 0 ? 'valid' : problems.join('; ') };
  },
};

const nothing: Verdict = { holds: false, message: 'there is no resource to look at' };

function compared(found: string | undefined, wanted: string, { operator = 'equals' }: Assertion): Verdict {
  const operate = operators[operator];
  if (!operate) throw new Error(`The operator ${operator} cannot be used here, or this engine does not know it.`);
  const message = `found ${JSON.stringify(found) ?? 'nothing'}${isUnary(operator) ? '' : `, asked: ${operator} ${JSON.stringify(wanted)}`}`;
  return { holds: operate(found, wanted), message };
}

/** Compares with `value`, or with what the other source says. */
async function againstValue({ run, assertion }: Asked, found: string | undefined): Promise<Verdict> {
  const wanted = assertion.value ?? (await fromOtherSource(run, assertion));
  if (wanted === undefined && !isUnary(assertion.operator ?? 'equals'))
    throw new Error('There is nothing to compare with.');
  return compared(found, wanted ?? '', assertion);
}

async function fromOtherSource(run: Run, assertion: Assertion): Promise<string | undefined> {
  const { compareToSourceId: id, compareToSourceExpression: expression, compareToSourcePath: path } = assertion;
  if (id === undefined) return undefined;
  const source = messageOf(run, id);
  if (expression !== undefined) return single(await byExpression(expression, source), expression);
  if (path !== undefined) return first(await byPath(path, source));
  throw new Error('compareToSourceId needs compareToSourceExpression or compareToSourcePath.');
}

/** With nothing to compare with, or by `eval`, the expression is itself what must be true. */
async function byFhirPath(asked: Asked): Promise<Verdict> {
  const { about, assertion } = asked;
  const expression = assertion.expression ?? assertion.compareToSourceExpression ?? '';
  if (!(await resourceIn(about))) return nothing;
  const values = await byExpression(expression, about);
  const isCondition =
    assertion.operator === 'eval' ||
    (assertion.operator === undefined && assertion.value === undefined && assertion.compareToSourceId === undefined);
  if (isCondition)
    return { holds: values.length === 1 && values[0] === true, message: `found ${JSON.stringify(values)}` };
  const isCount = isUnary(assertion.operator ?? 'equals');
  return againstValue(asked, isCount ? first(values) : single(values, expression));
}

/**
 * R4 speaks of first, last and next; a Bundle that holds everything needs none of them, a last page has no next, and `last` is
 * asked of nobody, since those who do not count cannot have it.
 */
async function navigationLinks({ about, assertion }: Asked): Promise<Verdict> {
  const resource = await resourceIn(about);
  if (resource?.['resourceType'] !== 'Bundle') return nothing;
  const relations = await byExpression('link.relation', about);
  const wanted = (await isWhole(about))
    ? ['self']
    : ['self', 'first', relations.includes('previous') ? 'previous' : 'next'];
  const absent = wanted.filter((relation) => !relations.includes(relation));
  const holds = (absent.length === 0) === assertion.navigationLinks;
  return { holds, message: absent.length === 0 ? `links: ${relations.join(', ')}` : `no link ${absent.join(', ')}` };
}

/** Whether a Bundle has everything that its total counts. */
async function isWhole(about: Message): Promise<boolean> {
  const [whole] = await byExpression(
    "total = entry.where(search.mode.empty() or search.mode = 'match').count()",
    about,
  );
  return whole === true;
}

/** Whether it holds. Throws for an assertion that cannot be judged, which is never one that holds. */
export async function assert(run: Run, given: Assertion): Promise<Verdict> {
  const subject = subjectOf(given);
  const texts = Object.entries(given).map(async ([name, value]) => [
    name,
    typeof value === 'string' && name !== 'description' ? await substitute(run, value) : value,
  ]);
  const assertion = Object.fromEntries(await Promise.all(texts)) as Assertion;
  const direction = assertion.direction ?? 'response';
  const about = assertion.sourceId === undefined ? lastOf(run, direction) : messageOf(run, assertion.sourceId);
  return checks[subject]({ run, about, assertion });
}
