/**
 * $closure: a table of what subsumes what, kept for a client by name and grown as it meets codes.
 * https://hl7.org/fhir/R4/conceptmap-operation-closure.html
 */
import type { Coding, ConceptMap, ConceptMapGroup } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import {
  type ClosureCode,
  type ClosureKey,
  type ClosurePair,
  closureVersion,
  countClosures,
  growClosure,
  pairsSince,
  startClosure,
} from '../../store/terminology/closures.ts';
import type { Context } from '../context.ts';
import { demand } from '../interactions/guard.ts';
import type { Reply } from '../reply.ts';
import type { Terminology } from '../terminology/terminology.ts';
import type { Call, Operation } from './operation.ts';
import { resourceReply } from './parameters-out.ts';
import { definition, input, output, terminologyOf } from './terminology-parameters.ts';

export const closure: Operation = {
  definition: definition({
    id: 'ConceptMap-closure',
    name: 'Closure',
    title: 'Closure Table Maintenance',
    code: 'closure',
    resource: ['ConceptMap'],
    description:
      'Keeps a closure table by name: without concepts it is started, with a version what came after is given.',
    affectsState: true,
    system: true,
    type: false,
    instance: false,
    parameter: [
      input('name', 'string', '1', 1),
      input('concept', 'Coding', '*'),
      input('version', 'string'),
      output('return', 'ConceptMap', '1', 1),
    ],
  }),
  permissions: [],
  action: 'E',
  run,
};

const mostClosures = 100;
const mostConcepts = 1000;
/** Codes above a single code that are looked at. */
const mostAncestors = 100_000;

function ownerOf({ access: { caller } }: Context): string {
  const { userId, client, clientId } = caller;
  return userId === undefined ? `client ${clientId ?? client.name}` : `user ${userId}`;
}

function keyOf(context: Context, { parameters }: Call): ClosureKey {
  const name = parameters.one('name') ?? '';
  if (name === '' || name.length > 200) {
    throw new FhirError('invalid', 'The name of a closure has 1 to 200 characters.', { expression: ['name'] });
  }
  return { owner: ownerOf(context), name };
}

function codesOf(codings: readonly Coding[]): readonly ClosureCode[] {
  if (codings.length > mostConcepts) {
    throw new FhirError('invalid', `At most ${mostConcepts} concepts are taken at once.`, { expression: ['concept'] });
  }
  return codings.map(({ system, code }, at) => {
    if (system !== undefined && code !== undefined) return { system, code };
    throw new FhirError('invalid', 'A concept of a closure has system and code.', { expression: [`concept[${at}]`] });
  });
}

/** Which of the new codes is below or above which of all. */
async function related(
  terminology: Terminology,
  fresh: readonly ClosureCode[],
  all: readonly ClosureCode[],
): Promise<readonly ClosurePair[]> {
  const isFresh = new Set(fresh.map(({ system, code }) => `${system}|${code}`));
  const pairs: ClosurePair[] = [];
  for (const { system, code } of all) {
    const above = new Set((await terminology.related({ system, code }, 'above', mostAncestors)).map((one) => one.code));
    for (const other of all) {
      if (other.system !== system || other.code === code || !above.has(other.code)) continue;
      if (!isFresh.has(`${system}|${code}`) && !isFresh.has(`${system}|${other.code}`)) continue;
      pairs.push({ system, child: code, parent: other.code });
    }
  }
  return pairs;
}

/** `subsumes`: the target is above the source. https://hl7.org/fhir/R4/valueset-concept-map-equivalence.html */
function mapOf(context: Context, { name }: ClosureKey, version: number, pairs: readonly ClosurePair[]): ConceptMap {
  const groups = new Map<string, Map<string, string[]>>();
  for (const { system, child, parent } of pairs) {
    const elements = groups.get(system) ?? new Map<string, string[]>();
    groups.set(system, elements.set(child, [...(elements.get(child) ?? []), parent]));
  }
  const group = [...groups].map(
    ([system, elements]): ConceptMapGroup => ({
      source: system,
      target: system,
      element: [...elements].map(([code, parents]) => ({
        code,
        target: parents.map((parent) => ({ code: parent, equivalence: 'subsumes' })),
      })),
    }),
  );
  return {
    resourceType: 'ConceptMap',
    version: String(version),
    name: 'Closure',
    title: `Updates for the closure table ${name}`,
    status: 'active',
    experimental: true,
    date: context.now().toISOString(),
    ...(group.length > 0 ? { group } : {}),
  };
}

function unknown({ name }: ClosureKey): FhirError {
  return new FhirError('notFound', `There is no closure table ${JSON.stringify(name)}: start it without concepts.`, {
    expression: ['name'],
  });
}

async function start(context: Context, key: ClosureKey): Promise<ConceptMap> {
  const { store } = context;
  const before = await closureVersion(store, key);
  if (before === undefined && (await countClosures(store, key.owner)) >= mostClosures) {
    throw new FhirError('unprocessable', `You have ${mostClosures} closure tables; start one of them anew.`);
  }
  await startClosure(store, key);
  return mapOf(context, key, 0, []);
}

async function replay(context: Context, key: ClosureKey, text: string): Promise<ConceptMap> {
  const since = Number(text);
  const version = await closureVersion(context.store, key);
  if (version === undefined) throw unknown(key);
  if (!Number.isSafeInteger(since) || since < 0 || since > version) {
    throw new FhirError('invalid', `The closure table has the versions 0 to ${version}.`, { expression: ['version'] });
  }
  return mapOf(context, key, version, await pairsSince(context.store, key, since));
}

async function run(context: Context, call: Call): Promise<Reply> {
  demand(context.access, 'r', 'ConceptMap');
  demand(context.access, 'r', 'CodeSystem');
  const key = keyOf(context, call);
  const terminology = terminologyOf(context);
  const codes = codesOf(call.parameters.values<Coding>('concept'));
  const version = call.parameters.one('version');
  if (codes.length > 0 && version !== undefined) {
    throw new FhirError('invalid', 'A closure is grown by concepts or replayed from a version, not both.', {
      expression: ['version'],
    });
  }
  const answer = async () => {
    if (version !== undefined) return replay(context, key, version);
    if (codes.length === 0) return start(context, key);
    const grown = await growClosure(context.store, key, codes, (fresh, all) => related(terminology, fresh, all));
    if (!grown) throw unknown(key);
    return mapOf(context, key, grown.version, grown.pairs);
  };
  return resourceReply({ text: JSON.stringify(await answer()) });
}
