/**
 * What a TestScript can look at: a request, a response, or a fixture, each with headers and a body in JSON or XML.
 * https://hl7.org/fhir/R4/testing.html
 */
import { fromXml } from '../../../src/fhir/xml/read.ts';
import { toXml } from '../../../src/fhir/xml/write.ts';

export interface Message {
  /** Of a request, and of the request that a response answers. */
  readonly method?: string;
  readonly url?: string;
  /** Of a response. */
  readonly status?: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body; empty when there is none. */
  readonly text: string;
}

export type Json = { readonly [name: string]: unknown };

/** The media type of a Content-Type, without its parameters; empty for none. */
export function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

export const isXmlType = (mediaType: string): boolean => /[/+]xml$/.test(mediaType);

const isXml = ({ text }: Message) => text.trimStart().startsWith('<');

/** The resource in a body; undefined where there is none, be it that the body is empty or no resource. */
export async function resourceIn(message: Message): Promise<Json | undefined> {
  try {
    const value: unknown = JSON.parse(isXml(message) ? await fromXml(message.text) : message.text);
    return isResource(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isResource(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && typeof (value as Json)['resourceType'] === 'string';
}

/** The body as XML: as it came, or its JSON written so. */
export function xmlIn(message: Message): string {
  return isXml(message) ? message.text : toXml(message.text);
}

/** The body as JSON text. */
export async function jsonIn(message: Message): Promise<string> {
  return isXml(message) ? await fromXml(message.text) : message.text;
}
