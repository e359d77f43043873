/**
 * FHIR conditional delete, of a single match or of all.
 * https://hl7.org/fhir/R4/http.html#3.1.0.7.1
 */
import { FhirError } from '../../shared/errors.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Write } from '../../store/resources/write.ts';
import type { Context } from '../context.ts';
import type { Reply } from '../reply.ts';
import { type Criteria, criteriaOf, matches, tooMany } from './conditional-match.ts';
import { deletion, demandDeletable } from './delete.ts';
import { type IfMatch, lookAndWrite } from './expect.ts';

export interface ConditionalDeletion {
  readonly type: string;
  readonly params: URLSearchParams;
  readonly ifMatch?: IfMatch;
}

/** What is deleted at once at most; more is a matter for several requests with narrower criteria. */
const maxDeleted = 1000;

/** 204, whether something was found or not. Throws `multipleMatches` for several unless the server is set to delete them. */
export async function removeFound(context: Context, asked: ConditionalDeletion): Promise<Reply> {
  demandDeletable(context.access, asked.type);
  const criteria = await criteriaOf(context, asked.type, asked.params);
  const { written, warnings } = await lookAndWrite(context, async () => {
    const found = await deletable(context, criteria);
    return found.flatMap((one) => deletionOf(context, one, asked.ifMatch) ?? []);
  });
  const [only, ...others] = written;
  return {
    status: 204,
    warnings: warnings.flat(),
    query: criteria.text,
    ...(only && others.length === 0 ? { version: only } : {}),
  };
}

/** What the criteria find, as many as may be deleted at once. */
export async function deletable(
  context: Pick<Context, 'store' | 'conditionalDelete'>,
  criteria: Criteria,
): Promise<readonly Version[]> {
  const isMultiple = context.conditionalDelete === 'multiple';
  const found = await matches(context, criteria, isMultiple ? maxDeleted + 1 : 2);
  if (!isMultiple && found.length > 1) throw tooMany(criteria);
  if (found.length <= maxDeleted) return found;
  throw new FhirError(
    'multipleMatches',
    `${criteria.text} finds more than the ${maxDeleted} that are deleted at once.`,
  );
}

export function deletionOf(context: Context, version: Version, ifMatch: IfMatch): Write | undefined {
  const { type, id } = version;
  return deletion(context, { type, id, ifMatch }, version, version);
}
