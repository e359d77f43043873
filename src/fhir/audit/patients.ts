/**
 * Whose data a resource holds: the Patient that it is, and every Patient that it refers to.
 * https://profiles.ihe.net/ITI/BALP/content.html
 */

const reference = /"reference"\s*:\s*"(?:[^"\\]*\/)?(Patient\/[A-Za-z0-9\-.]{1,64})(?:\/_history\/[^"\\]*)?"/g;

/**
 * `Patient/...` of everyone in a resource's JSON text, each once. Read from the text, because nothing else of a read needs
 * it parsed; inside a string (narrative) the quotes are escaped and match nothing.
 */
export function patientsIn({
  type,
  id,
  body,
}: {
  readonly type: string;
  readonly id: string;
  readonly body: string;
}): string[] {
  const found = new Set(type === 'Patient' ? [`Patient/${id}`] : []);
  for (const [, patient = ''] of body.matchAll(reference)) found.add(patient);
  return [...found];
}
