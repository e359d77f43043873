/** POST of Observations and Patients against a bare prepared INSERT of the same text, both committed with fsync. */
import { readers } from './read.ts';
import { observation, patient } from './resources.ts';
import { compare, fhirHeaders, type Side, type Suite } from './suite.ts';

const bar = 0.4;

/** The next resource to create; each is another one. */
export function creations(): () => { readonly type: string; readonly body: string } {
  let made = 0;
  return () => {
    made += 1;
    return made % 2
      ? { type: 'Patient', body: patient(made) }
      : { type: 'Observation', body: observation(made, `Patient/p${(made % 1000) + 1}`) };
  };
}

/** POST to our server. */
export function creating(origin: string, token: string, next: ReturnType<typeof creations>): Side {
  const headers = fhirHeaders(token);
  return {
    origin,
    expect: 201,
    shot: () => {
      const { type, body } = next();
      return { method: 'POST', path: `/fhir/${type}`, headers, body };
    },
  };
}

export const createSuite: Suite = async function* (bench) {
  // The patients that the observations are of.
  await readers(bench);
  const next = creations();
  const headers = { 'content-type': 'application/fhir+json' };
  yield* compare(bench, 'create', bar, (token) => ({
    floor: {
      origin: bench.floor,
      expect: 201,
      shot: () => ({ method: 'POST', path: '/', headers, body: next().body }),
    },
    ours: creating(bench.ours, token, next),
  }));
};
