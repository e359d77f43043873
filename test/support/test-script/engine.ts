/**
 * What one run of a TestScript knows: the messages under their ids, where fixtures are on the server, and what was last said.
 * https://hl7.org/fhir/R4/testing.html
 */
import type { TestScript } from '@medplum/fhirtypes';
import type { Message } from './message.ts';
import type { Send } from './send.ts';

/** What is wrong with a resource by a profile, as texts; empty: nothing. `json` is the resource's text. */
export type CheckProfile = (json: string, profile: string) => Promise<readonly string[]>;

export interface Engine {
  /** FHIR bases without a slash at the end: of destination 1, 2 and so on. */
  readonly bases: readonly string[];
  readonly send: Send;
  /** The JSON text of what a fixture's reference points at. Throws when there is no such thing. */
  readonly fixture: (reference: string) => Promise<string>;
  readonly checkProfile: CheckProfile;
  /** Values that a user gives to variables, by their names. */
  readonly variables: Readonly<Record<string, string>>;
  /** The engine sends what it would otherwise wait for from an origin. */
  readonly playsOrigins: boolean;
  /** Bodies of updates get the id of their URL, as the official examples suppose; without it they are sent as they are. */
  readonly fitsIds: boolean;
  readonly now: () => Date;
}

/** Where a resource is on a server. */
export interface Place {
  readonly type: string;
  readonly id: string;
  readonly version?: string;
}

export interface Run {
  readonly engine: Engine;
  readonly script: TestScript;
  /** Fixtures, and requests and responses that have got an id. */
  readonly messages: Map<string, Message>;
  /** What was created on the server from a fixture, the last one at the end. */
  readonly places: Map<string, readonly Place[]>;
  last?: { readonly request: Message; readonly response: Message };
}

/** The message under an id; throws when there is none. */
export function messageOf({ messages }: Run, id: string): Message {
  const found = messages.get(id);
  if (!found) throw new Error(`There is no fixture, request or response with the id ${JSON.stringify(id)}.`);
  return found;
}

/** The last request or response; throws before the first operation. */
export function lastOf({ last }: Run, direction: 'request' | 'response'): Message {
  if (!last) throw new Error(`There was no operation yet, so that there is no ${direction} to look at.`);
  return last[direction];
}
