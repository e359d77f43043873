/** The physicians' words on a prediction, oldest first. */
import type { Provenance } from '@medplum/fhirtypes';
import type { Store } from '../store/store.ts';
import { fromFhir } from './validations.ts';

/** Corrections of one report are few; more than a page of them is not a case. */
const most = 100;

export async function findValidations(store: Store, prediction: string): Promise<readonly Provenance[]> {
  const { versions } = await store.search({
    type: 'Provenance',
    where: [{ kind: 'reference', param: 'Provenance.target', any: [{ type: 'DiagnosticReport', id: prediction }] }],
    sort: [],
    count: most,
    total: 'none',
  });
  return versions
    .map(({ body }) => JSON.parse(body) as Provenance)
    .filter((provenance) => fromFhir(provenance) !== undefined)
    .sort((a, b) => ((a.recorded ?? '') < (b.recorded ?? '') ? -1 : 1));
}
