/**
 * Finds the Questionnaire that a response names, as far as the caller may see it.
 * https://hl7.org/fhir/R4/references.html#canonical
 */
import type { Version } from '../../store/resources/version.ts';
import type { Context } from '../context.ts';
import { parseReference } from '../search/extract-reference.ts';
import type { QuestionnaireOf } from '../validation/questionnaire/check.ts';
import { visible } from './visible.ts';

const type = 'Questionnaire';
/** More versions of one form than anybody keeps. */
const mostVersions = 50;

async function byUrl(context: Pick<Context, 'store'>, url: string): Promise<readonly Version[]> {
  const page = await context.store.search({
    type,
    where: [{ kind: 'uri', param: `${type}.url`, any: [url], match: 'exact' }],
    sort: [],
    count: mostVersions,
    total: 'none',
  });
  return page.versions;
}

/** `Questionnaire/1`, or the same under this server's own base. */
async function byId({ store, base }: Pick<Context, 'store' | 'base'>, address: string): Promise<readonly Version[]> {
  const named = parseReference(address);
  if (named?.type !== type || (named.base !== '' && named.base !== base)) return [];
  const found = await store.resources.read(type, named.id);
  return found && !found.deleted ? [found] : [];
}

/**
 * By canonical URL with its version, or the one of that URL that was written last; otherwise by id. What the caller may not
 * read is not there: a response must not tell of a form that its author cannot see.
 */
export function questionnaireOf(context: Pick<Context, 'access' | 'store' | 'base'>): QuestionnaireOf {
  return async (canonical) => {
    if (!context.access.may('r', type)) return undefined;
    const [url = '', version] = canonical.split('|');
    const found = await byUrl(context, url);
    const all = found.length > 0 ? found : await byId(context, url);
    const forms = (await visible(context, 'r', all)).map(
      ({ body }) => JSON.parse(body) as { readonly version?: string },
    );
    return version === undefined ? forms[0] : forms.find((form) => form.version === version);
  };
}
