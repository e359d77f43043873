/** POST of Observations and Patients against a bare prepared INSERT of the same text, both committed with fsync. */
import { observation, patient } from './resources.ts';
import { compare, type Suite } from './suite.ts';

const bar = 0.4;

export const createSuite: Suite = async function* (bench) {
  let made = 0;
  const next = () => {
    made += 1;
    return made % 2
      ? { type: 'Patient', body: patient(made) }
      : { type: 'Observation', body: observation(made, `Patient/p${made % 1000}`) };
  };
  yield* compare(bench, 'create', bar, (token) => ({
    floor: {
      expect: 201,
      shot: () => ({
        method: 'POST',
        path: '/',
        headers: { 'content-type': 'application/fhir+json' },
        body: next().body,
      }),
    },
    ours: {
      expect: 201,
      shot: () => {
        const { type, body } = next();
        const headers = { 'content-type': 'application/fhir+json', authorization: `Bearer ${token}` };
        return { method: 'POST', path: `/fhir/${type}`, headers, body };
      },
    },
  }));
};
