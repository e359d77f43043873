/**
 * `GET metadata`: what the server is capable of, with a tag by which a client can ask whether it has changed.
 * https://hl7.org/fhir/R4/http.html#capabilities
 */
import { hash } from 'node:crypto';
import { type CapabilityOptions, capabilities } from '../fhir/interactions/capabilities.ts';
import { terminologyCapabilities } from '../fhir/interactions/terminology-capabilities.ts';
import { FhirError } from '../shared/errors.ts';

const modes = ['full', 'normative', 'terminology'] as const;
type Mode = (typeof modes)[number];

export interface Statement {
  readonly text: string;
  readonly etag: string;
}

/** Each statement is made when it is first asked for, and again when the search parameters have changed. */
export function statements(options: () => CapabilityOptions): (mode: string | null) => Statement {
  const made = new Map<Mode, Statement & { readonly of: number | undefined }>();
  return (asked) => {
    const mode = modes.find((one) => one === (asked ?? 'full'));
    if (!mode) throw new FhirError('invalid', `mode is ${modes.join(', ')}.`, { expression: ['mode'] });
    const current = options();
    const of = current.parameters?.version;
    const before = made.get(mode);
    if (before && before.of === of) return before;
    const text = JSON.stringify(
      mode === 'terminology' ? terminologyCapabilities(current) : capabilities(current, mode),
    );
    const statement = { text, etag: `W/"${hash('sha1', text, 'hex').slice(0, 16)}"`, of };
    made.set(mode, statement);
    return statement;
  };
}

/** Whether If-None-Match names the statement that would be sent. */
export function isKnown({ etag }: Statement, ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim());
  return tags.includes('*') || tags.includes(etag) || tags.includes(etag.slice(2));
}
